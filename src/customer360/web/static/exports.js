/** Files: the numbers of a visual as CSV, its looks as PNG. */

import { paint } from "./paint.js";
import { sheetOf } from "./sheet.js";

const MARK = "\uFEFF"; // tells spreadsheets that the file is UTF-8
const SCALE = 2;
const DAY = /^\d{4}-\d\d-\d\d$/;

export function download(frame) {
  save(new Blob([MARK + csv(sheetOf(frame))], { type: "text/csv" }), fileName(frame, "csv"));
}

export function picture(frame) {
  const canvas = paint(frame.body, SCALE, frame.drawing.picture?.(SCALE));
  canvas.toBlob((blob) => save(blob, fileName(frame, "png")));
}

/** Numbers and days as they are, members as they are written. */
function csv({ columns, rows }) {
  const raw = ({ value, text }, at) => (columns[at].format || DAY.test(value) ? value : text);
  const lines = [columns.map(({ label }) => label), ...rows.map(({ cells }) => cells.map(raw))];
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** A text that a spreadsheet would run as a formula gets an apostrophe; what would break the line gets quotes. */
function quoted(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function fileName({ page, visual, report }, ending) {
  return `customer360-${page.name}-${visual.name}-${report.refresh.as_of}.${ending}`;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
