/** Axes and their labels, for all charts that have them. */

import * as format from "./format.js";
import { ordinal } from "./masks.js";
import { colours } from "./theme.js";

export const SIZE = 12;
export const FONT = getComputedStyle(document.body).fontFamily;
const GAP = 8;
const pen = document.createElement("canvas").getContext("2d");

/** Axis labels are part of the room that the grid is given. */
export const within = { outerBoundsMode: "same", outerBoundsContain: "axisLabel" };

export const measureOf = ({ visual, report }) => report.measures[visual.measure];
export const text = (colour = "ink") => ({ color: colours()[colour], fontFamily: FONT, fontSize: SIZE });

export function valueAxis(measure, show = true) {
  const { line } = colours();
  return {
    type: "value",
    show,
    splitNumber: 4,
    minInterval: measure.format === "count" ? 1 : 0,
    splitLine: { lineStyle: { color: line } },
    axisLabel: { ...text("muted"), formatter: (value) => format.tick(value, measure.format) },
  };
}

/** What the value axis counts, above it and flush with the left edge. */
export function unitAbove(measure) {
  const textStyle = { ...text("muted"), fontWeight: "normal" };
  return { title: { text: format.unit(measure), left: 0, top: 4, padding: 0, textStyle } };
}

/** Names below columns: in one line, in two by turns, or slanted where columns are narrow. */
export function categoryLabels({ size }, names) {
  const slot = size.width / Math.max(1, names.length);
  const widest = Math.max(0, ...names.map((name) => widthOf(name)));
  const label = { ...text("muted"), margin: 10, interval: 0, rotate: 0, formatter: null };
  if (widest + GAP <= slot) return label;
  const byTurns = (name, at) => (at % 2 ? `\n${name}` : name);
  if (widest + GAP <= 2 * slot) return { ...label, lineHeight: 16, formatter: byTurns };
  return { ...label, rotate: slot < 24 ? 90 : 45, width: 96, overflow: "truncate" };
}

export function widthOf(name, font = `${SIZE}px ${FONT}`) {
  pen.font = font;
  return pen.measureText(name).width;
}

/** *name*, cut with an ellipsis where it is wider than *most*. */
export function shortened(name, most, font) {
  if (widthOf(name, font) <= most) return name;
  const letters = [...name];
  while (letters.length > 1 && widthOf(`${letters.join("")}…`, font) > most) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

const STEPS = [1, 3, 6, 12, 24, 60, 120];
const ROOM_FOR_MONTH = 68;

/** Labels of months: as many as fit, always on the same months of the year; years alone where only they fit. */
export function monthLabels({ rows, size }) {
  const months = rows.map((row) => row.keys[0]);
  const step = STEPS.find((one) => (one * size.width) / Math.max(1, months.length) >= ROOM_FOR_MONTH) ?? STEPS.at(-1);
  const interval = (at) => ordinal(months[at]) % step === 0;
  const written = step >= 12 ? format.year : format.month;
  return { ...text("muted"), margin: 10, interval, formatter: (month) => written(month), hideOverlap: true };
}
