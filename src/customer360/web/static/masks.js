/** Which codes of a column a filter selects: one byte per code, 1 or 0; the last code, for none, is never selected. */

/** @import { ColumnMask, Keeps, Key, Masks, Report } from "./types.d.ts" */

const CODES = { few: 256, many: 65_536 };
const FEW = 255;
const DAY = 86_400_000;

/**
 * The column of *dimension*, and the mask of the keys for which *keeps* is true.
 * @type {(report: Report, dimension: string, keeps: Keeps) => ColumnMask}
 */
export function maskOf(report, dimension, keeps) {
  const { level_of: below, keys } = report.dimensions[dimension];
  if (below) {
    const { keys: members } = report.dimensions[below];
    return [below, makeMask(members, (key) => keeps(yearOf(key)))];
  }
  return [dimension, makeMask(keys, keeps)];
}

/** @type {(month: string) => number} */
const yearOf = (month) => Number(month.slice(0, 4));

/**
 * @template {Key} K
 * @param {K[]} keys
 * @param {(key: K) => boolean} keeps
 */
function makeMask(keys, keeps) {
  const kept = new Uint8Array(keys.length < FEW ? CODES.few : CODES.many);
  keys.forEach((key, code) => {
    kept[code] = keeps(key) ? 1 : 0;
  });
  return kept;
}

/** *masks* combined with the mask of a column. @type {(masks: Masks, more: ColumnMask) => Masks} */
export function narrow(masks, [column, mask]) {
  const before = masks.get(column);
  return new Map(masks).set(column, before ? mask.map((kept, code) => kept & before[code]) : mask);
}

/**
 * The index of the member for each code of the column of *dimension*, -1 for none.
 * @type {(report: Report, dimension: string) => Int32Array}
 */
export function placesOf(report, dimension) {
  const { level_of: below, keys } = report.dimensions[dimension];
  const places = new Int32Array(keys.length < FEW && !below ? CODES.few : CODES.many).fill(-1);
  if (below) report.dimensions.join_month.keys.forEach((month, code) => (places[code] = keys.indexOf(yearOf(month))));
  else keys.forEach((_, code) => (places[code] = code));
  return places;
}

/** Months since year 0. @type {(day: string) => number} */
export function ordinal(day) {
  const [year, month] = day.split("-").map(Number);
  return year * 12 + month - 1;
}

/**
 * The first day after the last full month up to *day*. The month of *day* is full if *day* is its last day.
 * @type {(day: string) => string}
 */
export function fullMonthsEnd(day) {
  const next = new Date(new Date(day).getTime() + DAY);
  return `${next.toISOString().slice(0, 7)}-01`;
}

/**
 * The first and last month that an expression of the last months counts.
 * @type {(expression: { months: number, before: number }, day: string) => [first: string, last: string]}
 */
export function windowOf({ months, before }, day) {
  const end = fullMonthsEnd(day);
  return [monthsBefore(end, months + before), monthsBefore(end, before + 1)];
}

/** The first day of the month *count* months before that of *day*. @type {(day: string, count: number) => string} */
export function monthsBefore(day, count) {
  const months = ordinal(day) - count;
  return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}-01`;
}
