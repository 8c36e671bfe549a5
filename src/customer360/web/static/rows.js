/**
 * The rows a visual draws: one per mark, whatever the kind of visual.
 *
 * Charts, tooltips, marks for the keyboard, table views and files all start from these.
 *
 * @typedef {{mark: string, keys: Array, names: string[], value: number|null, values: Object<string, number|null>}} Row
 */

import * as format from "./format.js";
import { markOf } from "./state.js";

/** @returns {Row[]} */
export function rowsOf(visual, data, report, months) {
  if (!data.keys) return [];
  const keys = visual.by.map((name) => data.keys[name]);
  const names = visual.by.map((name) => namesOf(name, data, report));
  const shown = [visual.measure, ...visual.more];
  const rows = keys[0].map((_, index) => {
    const values = Object.fromEntries(shown.map((name) => [name, data.values[name][index]]));
    return row(
      keys.map((column) => column[index]),
      names.map((column) => column[index]),
      visual.measure,
      values,
    );
  });
  return isTimeline(visual, report) ? withEveryMonth(rows, visual, report, months) : rows;
}

const isTimeline = (visual, report) => visual.by.length === 1 && report.dimensions[visual.by[0]].type === "month";

function row(keys, names, measure, values) {
  return { mark: markOf(keys), keys, names, value: values[measure], values };
}

function namesOf(name, data, report) {
  if (data.labels?.[name]) return data.labels[name];
  return data.keys[name].map((key) => nameOf(name, key, report));
}

/** How a member is written whose label the server does not send. */
export const nameOf = (dimension, key, report) =>
  report.dimensions[dimension]?.type === "month" ? format.month(key) : String(key);

/** A month without customers is zero customers, but no average: that stays a gap. */
function withEveryMonth(rows, visual, report, months) {
  const known = new Map(rows.map((one) => [one.keys[0], one]));
  const none = Object.fromEntries(
    [visual.measure, ...visual.more].map((name) => [name, report.measures[name].expression.zero ? 0 : null]),
  );
  return monthsBetween(...endsOf(rows, visual, report, months)).map(
    (month) => known.get(month) ?? row([month], [format.month(month)], visual.measure, none),
  );
}

/** From the slicer's start, or the first month of the data, to the slicer's end, or the month of the as-of day. */
function endsOf(rows, { by: [dimension] }, report, { from, to }) {
  const { keys } = report.dimensions[dimension];
  const marks = rows.map((one) => one.keys[0]);
  const first = from && `${from}-01` > keys[0] ? `${from}-01` : keys[0];
  const isSliced = dimension === "join_month" && to && `${to}-01` < keys.at(-1);
  const last = isSliced ? `${to}-01` : keys.at(-1);
  const known = (months) => months.filter(Boolean).sort();
  return [known([first, ...marks])[0], known([last, ...marks]).at(-1)];
}

/** Both included, as "YYYY-MM-01". */
export function monthsBetween(first, last) {
  const months = [];
  if (!first) return months;
  let [year, month] = first.split("-").map(Number);
  for (let at = first; at <= last; at = `${year}-${String(month).padStart(2, "0")}-01`) {
    months.push(at);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
  return months;
}
