/** The content of a visual as rows and columns, for the table view and the file. */

import * as format from "./format.js";
import { signsIn } from "./small.js";
import { measuresOf, measuresOfMarks } from "./view.js";

/**
 * @import {
 *   Cell, Format, Frame, Report, Sheet, SheetCell, SingleData, TableData, Value, Visual,
 * } from "./types.d.ts"
 */

/** @type {(frame: Frame) => Sheet} */
export function sheetOf(frame) {
  const { data } = frame;
  if (!data?.values) return data?.columns ? ofColumns(frame, data) : { columns: [], rows: [] };
  return data.keys ? ofMarks(frame) : ofValues(frame, data);
}

/** @type {(name: string, report: Report) => { name: string, label: string, format: Format }} */
function measureColumn(name, { measures }) {
  const { label, format: written } = measures[name];
  return { name, label, format: written };
}

/**
 * A number, or the *sign* that replaces it.
 * @type {(value: Cell | undefined, written: Format, sign?: string) => SheetCell}
 */
const number = (value, written, sign) => ({ value: sign ?? value, text: sign ?? format.full(value, written) });

/** @type {(frame: Frame) => Sheet} */
function ofMarks({ visual, rows, report }) {
  const measures = measuresOfMarks(visual).map((name) => measureColumn(name, report));
  const members = visual.by.map((name) => ({ name, label: report.dimensions[name].label, format: null }));
  return {
    columns: [...members, ...measures],
    rows: rows.filter(({ isGhost }) => !isGhost).map((row) => ({
      mark: row.mark,
      cells: [
        ...row.names.map((text, at) => ({ value: row.keys[at], text })),
        ...measures.map((column) => number(row.values[column.name], column.format, row.signs[column.name])),
      ],
    })),
  };
}

/** @type {(frame: Frame, data: TableData) => Sheet} */
function ofColumns({ visual, report }, data) {
  const texts = visual.columns.map((column) => ({ ...column, format: null }));
  /** @type {Sheet["columns"]} */
  const columns = [...texts, measureColumn(visual.measure, report)];
  /** @type {(column: Sheet["columns"][0], at: number) => SheetCell} */
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

/** @type {(visual: Visual, report: Report, data: SingleData) => Sheet["rows"][0]} */
function lineOfParameter({ parameter }, { parameters }, { x = null }) {
  const { label, digits } = parameters[parameter ?? ""];
  const cells = [{ value: "x", text: label }, { value: x, text: x === null ? "—" : format.exact(x, digits) }];
  return { mark: "x", cells };
}

/**
 * A card: its measures, then the numbers of the sparkline.
 * @type {(frame: Frame, data: SingleData) => Sheet}
 */
function ofValues({ visual, report }, data) {
  const { format: written } = report.measures[visual.measure];
  const signs = signsIn(data, report)(0);
  /** @type {(mark: string, text: string, value: Value | undefined, as?: Format) => Sheet["rows"][0]} */
  const line = (mark, text, value, as = written) => ({
    mark,
    cells: [{ value: mark, text }, number(value, as, signs[mark])],
  });
  const rows = measuresOf(visual).map((name) => {
    const measure = report.measures[name];
    return line(name, measure.label, data.values[name], measure.format);
  });
  if (visual.kind === "parameter") rows.push(lineOfParameter(visual, report, data));
  const { months = [], values = [] } = data.spark ?? {};
  months.forEach((month, at) => rows.push(line(month, format.month(month), values[at])));
  return {
    columns: [
      { name: "name", label: "Item", format: null },
      { name: visual.measure, label: "Value", format: written },
    ],
    rows,
  };
}
