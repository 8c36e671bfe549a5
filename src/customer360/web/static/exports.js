/** Exports a visual: its numbers as CSV, its picture as PNG. Both include the as-of date and the filters. */

import { filtersReaching } from "./filters.js";
import * as format from "./format.js";
import { paint, withCaption } from "./paint.js";
import { sheetOf } from "./sheet.js";

/** @import { Cell, Frame, NamedFilter, SheetCell } from "./types.d.ts" */

const MARK = "\uFEFF"; // by which spreadsheets recognize UTF-8
const SCALE = 2;
const LONGEST_SLUG = 80;
const DAY = /^\d{4}-\d\d-\d\d$/;
const RUNS = /(^|[,;\t\r\n])(?=["'\s]*[=+\-@＝＋－＠])|^(?=[\t\r\n])/g;
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

/** @type {(frame: Frame) => void} */
export function download(frame) {
  save(new Blob([MARK + csv(frame)], { type: "text/csv" }), fileName(frame, "csv"));
}

/** @type {(frame: Frame) => void} */
export function picture(frame) {
  const filters = filtersIn(frame).map(({ text }) => text);
  const day = `${frame.report.name} · As of ${format.date(frame.report.refresh.as_of)}`;
  const canvas = paint(frame.body, SCALE, frame.drawing.picture?.(SCALE));
  const whole = withCaption(canvas, SCALE, [day, ...(filters.length ? filters : ["No filters"])].join(" · "));
  whole.toBlob((blob) => blob && save(blob, fileName(frame, "png")));
}

/**
 * The filters of the numbers on the screen, which the URL may already have changed.
 * @type {(frame: Frame) => NamedFilter[]}
 */
const filtersIn = ({ visual, page, parameters }) => filtersReaching(visual, page, parameters);

/**
 * Raw numbers and dates, labels of members, a column for the as-of date, and one for each filter.
 * @type {(frame: Frame) => string}
 */
function csv(frame) {
  const { columns, rows } = sheetOf(frame);
  /** @type {(cell: SheetCell, at: number) => Cell | undefined} */
  const raw = ({ value, text }, at) => (columns[at].format || DAY.test(String(value)) ? value : text);
  /** @type {[label: string, members: string[]][]} */
  const same = [["As of", [frame.report.refresh.as_of]], ...membersByLabel(filtersIn(frame))];
  const values = same.map(([, members]) => members.join("; "));
  const lines = [
    [...columns.map(({ label }) => label), ...same.map(([label]) => label)],
    ...rows.map(({ cells }) => [...cells.map(raw), ...values]),
  ];
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** @type {(filters: NamedFilter[]) => [label: string, members: string[]][]} */
const membersByLabel = (filters) =>
  [...Map.groupBy(filters, ({ label }) => label)].map(([label, all]) => [
    `Filter: ${label}`,
    all.map(({ member }) => member),
  ]);

/**
 * Adds an apostrophe to text that a spreadsheet would run as a formula, and quotes text that would break the line.
 *
 * In some locales, spreadsheets split at semicolons, so every part is checked. Numbers are not formulas.
 * @type {(value: Cell | undefined) => string}
 */
function quoted(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || NUMBER.test(value)) return String(value);
  const safe = String(value).replace(RUNS, (found) => `${found}'`);
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @type {(frame: Frame, ending: string) => string} */
function fileName(frame, ending) {
  const { page, visual, report } = frame;
  const parts = ["customer360", page.name, visual.name, report.refresh.as_of, ...slugs(filtersIn(frame))];
  return `${parts.join("-")}.${ending}`;
}

/**
 * The filters as part of a file name: as many as fit, and the number of the others.
 * @type {(filters: NamedFilter[]) => string[]}
 */
function slugs(filters) {
  const all = filters.map(({ member }) => slug(member)).filter(Boolean);
  const fitting = all.filter((_, at) => all.slice(0, at + 1).join("-").length <= LONGEST_SLUG);
  return all.length > fitting.length ? [...fitting, `and-${all.length - fitting.length}-more`] : all;
}

/** @type {(text: string) => string} */
const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");

/** @type {(blob: Blob, name: string) => void} */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
