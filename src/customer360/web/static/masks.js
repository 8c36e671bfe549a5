/** Which codes of a column a filter keeps: one byte per code, 1 or 0; the last code, for none, is never kept. */

const CODES = { few: 256, many: 65_536 };
const FEW = 255;
const DAY = 86_400_000;

/** The column of *dimension*, and the mask of the keys that *keeps* says yes to. */
export function maskOf(report, dimension, keeps) {
  const { level_of: below, keys } = report.dimensions[dimension];
  if (below) {
    const { keys: members } = report.dimensions[below];
    return [below, mask(members, (key) => keeps(levelOf(dimension, key)))];
  }
  return [dimension, mask(keys, keeps)];
}

/** The key of a level that *key*, a month, belongs to: its year. */
const levelOf = (_, key) => Number(key.slice(0, 4));

function mask(keys, keeps) {
  const kept = new Uint8Array(keys.length < FEW ? CODES.few : CODES.many);
  keys.forEach((key, code) => {
    kept[code] = keeps(key) ? 1 : 0;
  });
  return kept;
}

/** *masks* and the mask of a column together. */
export function narrowed(masks, [column, mask]) {
  const before = masks.get(column);
  return new Map(masks).set(column, before ? mask.map((kept, code) => kept & before[code]) : mask);
}

/** Per code of the column of *dimension* the place of its member among the members, -1 for none. */
export function placesOf(report, dimension) {
  const { level_of: below, keys } = report.dimensions[dimension];
  const places = new Int32Array(keys.length < FEW && !below ? CODES.few : CODES.many).fill(-1);
  const members = below ? report.dimensions[below].keys : keys;
  members.forEach((key, code) => {
    places[code] = below ? keys.indexOf(levelOf(dimension, key)) : code;
  });
  return places;
}

/** Months since year 0. */
export function ordinal(day) {
  const [year, month] = day.split("-").map(Number);
  return year * 12 + month - 1;
}

/** The first day after the last full month up to *day*: the month of *day* is full when that is its last day. */
export function fullMonthsEnd(day) {
  const next = new Date(new Date(day).getTime() + DAY);
  return `${next.toISOString().slice(0, 7)}-01`;
}

/** The first and the last of the months that an expression of the last months counts. */
export function windowOf({ months, before }, day) {
  const end = fullMonthsEnd(day);
  return [monthsBefore(end, months + before), monthsBefore(end, before + 1)];
}

/** The first day of the month *count* months before that of *day*. */
export function monthsBefore(day, count) {
  const months = ordinal(day) - count;
  return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}-01`;
}
