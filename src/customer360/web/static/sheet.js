/**
 * What a visual draws as rows and columns: the same for the table view and the file.
 *
 * @typedef {{label: string, name: string, format: string|null}} Column
 * @typedef {{columns: Column[], rows: {mark: string, cells: {value: *, text: string}[]}[]}} Sheet
 */

import * as format from "./format.js";

/** @returns {Sheet} */
export function sheetOf(frame) {
  if (frame.visual.kind === "table") return ofColumns(frame);
  return frame.data.keys ? ofMarks(frame) : ofValues(frame);
}

const measureColumn = (name, { measures }) => ({ name, label: measures[name].label, format: measures[name].format });
const number = (value, written) => ({ value, text: format.full(value, written) });

function ofMarks({ visual, rows, report }) {
  const measures = [visual.measure, ...visual.more].map((name) => measureColumn(name, report));
  const members = visual.by.map((name) => ({ name, label: report.dimensions[name].label, format: null }));
  return {
    columns: [...members, ...measures],
    rows: rows.filter(({ isGhost }) => !isGhost).map((row) => ({
      mark: row.mark,
      cells: [
        ...row.names.map((text, at) => ({ value: row.keys[at], text })),
        ...measures.map((column) => number(row.values[column.name], column.format)),
      ],
    })),
  };
}

function ofColumns({ visual, data, report }) {
  const texts = visual.columns.map((column) => ({ ...column, format: null }));
  const columns = [...texts, measureColumn(visual.measure, report)];
  const cell = (column, at) => {
    const value = data.columns[column.name][at];
    return column.format ? number(value, column.format) : { value, text: String(value ?? "—") };
  };
  const rows = data.columns[visual.measure].map((_, at) => ({
    mark: String(at),
    cells: columns.map((column) => cell(column, at)),
  }));
  return { columns, rows };
}

/** A card: its measures, then what the line of months is drawn from. */
function ofValues({ visual, data, report }) {
  const { format: written } = report.measures[visual.measure];
  const line = (mark, text, value, as = written) => ({ mark, cells: [{ value: mark, text }, number(value, as)] });
  const names = [...new Set([visual.measure, ...visual.more, ...(visual.compare ? [visual.compare] : [])])];
  const rows = names.map((name) => {
    const measure = report.measures[name];
    return line(name, measure.label, data.values[name], measure.format);
  });
  if ("x" in data) rows.push(line("x", report.parameter.label, data.x, "count"));
  data.spark?.months.forEach((month, at) => rows.push(line(month, format.month(month), data.spark.values[at])));
  return {
    columns: [
      { name: "name", label: "What", format: null },
      { name: visual.measure, label: "Value", format: written },
    ],
    rows,
  };
}
