/** The rows a visual draws: one per mark, for every kind of visual. */

import * as format from "./format.js";
import { signsIn } from "./small.js";
import { markOf } from "./state.js";
import { measuresOfMarks } from "./view.js";

/** @import { Data, Key, MarkData, MonthRange, Report, Row, Value, Visual } from "./types.d.ts" */

export const BARS = new Set(["bar", "column", "histogram"]);

/** @type {(visual: Visual, data: Data, report: Report, months: MonthRange, whole?: Data | null) => Row[]} */
export function rowsOf(visual, data, report, months, whole) {
  if (!data.keys) return [];
  const rows = rowsIn(visual, data, report);
  if (isTimeline(visual, report)) return withEveryMonth(rows, visual, report, months);
  return whole?.keys ? withGhosts(rows, rowsIn(visual, whole, report), visual, report) : rows;
}

/** @type {(visual: Visual, data: MarkData, report: Report) => Row[]} */
function rowsIn(visual, data, report) {
  const keys = visual.by.map((name) => data.keys[name]);
  const names = visual.by.map((name) => namesOf(name, data, report));
  const shown = measuresOfMarks(visual);
  const signs = signsIn(data, report);
  return keys[0].map((_, index) => {
    const values = Object.fromEntries(shown.map((name) => [name, data.values[name]?.[index] ?? null]));
    return row(
      keys.map((column) => column[index]),
      names.map((column) => column[index]),
      visual.measure,
      values,
      signs(index),
    );
  });
}

/** @type {(visual: Visual, report: Report) => boolean} */
const isTimeline = (visual, report) => visual.by.length === 1 && report.dimensions[visual.by[0]].type === "month";

/** @type {(keys: Key[], names: string[], measure: string, values: Record<string, Value>, signs?: Row["signs"]) => Row} */
function row(keys, names, measure, values, signs = {}) {
  return { mark: markOf(keys), keys, names, value: values[measure], values, signs };
}

/** @type {(name: string, data: MarkData, report: Report) => string[]} */
function namesOf(name, data, report) {
  const written = report.dimensions[name].type === "month" ? null : data.labels?.[name];
  return written ?? data.keys[name].map((key) => nameOf(name, key, report));
}

/**
 * The label of a member for which the server sends none, and of every month, in the reader's locale.
 * @type {(dimension: string, key: Key, report: Report) => string}
 */
export const nameOf = (dimension, key, report) =>
  report.dimensions[dimension]?.type === "month" ? format.month(String(key)) : String(key);

/**
 * The values of no customers: counts are zero, averages are missing.
 * @type {(visual: Visual, report: Report) => Record<string, Value>}
 */
const nothing = (visual, { measures }) =>
  Object.fromEntries(measuresOfMarks(visual).map((name) => [name, measures[name].expression.zero ? 0 : null]));

/**
 * Adds the value of each member before a mark was clicked elsewhere, including members without remaining customers.
 * @type {(rows: Row[], before: Row[], visual: Visual, report: Report) => Row[]}
 */
function withGhosts(rows, before, visual, report) {
  const known = new Map(rows.map((one) => [one.mark, one]));
  return before.map(({ keys, names, mark, value: whole }) => {
    const ghost = { ...row(keys, names, visual.measure, nothing(visual, report)), isGhost: true };
    return { ...(known.get(mark) ?? ghost), whole };
  });
}

/**
 * Keeps months without customers on the axis; where there is no value, the line has a gap.
 * @type {(rows: Row[], visual: Visual, report: Report, months: MonthRange) => Row[]}
 */
function withEveryMonth(rows, visual, report, months) {
  const known = new Map(rows.map((one) => [one.keys[0], one]));
  const none = nothing(visual, report);
  return monthsBetween(...endsOf(rows, visual, report, months)).map(
    (month) => known.get(month) ?? row([month], [format.month(month)], visual.measure, none),
  );
}

/**
 * From the slicer's start, or the first month of the data, to the slicer's end, or the month of the as-of date.
 * @type {(rows: Row[], visual: Visual, report: Report, months: MonthRange)
 *   => [first: string | undefined, last: string | undefined]}
 */
function endsOf(rows, { by: [dimension] }, report, { from, to }) {
  const { keys: known, first: begin } = report.dimensions[dimension];
  const keys = known.map(String).filter((month) => !begin || month >= begin);
  const marks = rows.map((one) => String(one.keys[0]));
  const first = from && `${from}-01` > keys[0] ? `${from}-01` : keys[0];
  const newest = keys.at(-1) ?? "";
  const isSliced = dimension === "join_month" && to && `${to}-01` < newest;
  const last = isSliced ? `${to}-01` : newest;
  /** @type {(months: (string | undefined)[]) => (string | undefined)[]} */
  const sorted = (months) => months.filter(Boolean).sort();
  return [sorted([first, ...marks])[0], sorted([last, ...marks]).at(-1)];
}

/**
 * The months from *first* to *last*, inclusive, as "YYYY-MM-01".
 * @type {(first: string | undefined, last: string | undefined) => string[]}
 */
export function monthsBetween(first, last) {
  /** @type {string[]} */
  const months = [];
  if (!first || !last) return months;
  let [year, month] = first.split("-").map(Number);
  for (let at = first; at <= last; at = `${year}-${String(month).padStart(2, "0")}-01`) {
    months.push(at);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
  return months;
}
