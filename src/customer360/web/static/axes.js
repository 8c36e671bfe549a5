/** Axes and their labels, for all charts with axes. */

import { penOf } from "./dom.js";
import { axisOver } from "./extents.js";
import * as format from "./format.js";
import { ordinal } from "./masks.js";
import { colours } from "./theme.js";

/** @import { ChartView, Measure, Options } from "./types.d.ts" */

export const SIZE = 12;
export const FONT = getComputedStyle(document.body).fontFamily;
const GAP = 8;
const pen = penOf(document.createElement("canvas"));

/** @typedef {Options & { margin: number, rotate: number, lineHeight?: number, width?: number }} CategoryLabels */

/** Makes axis labels part of the space of the grid. */
export const within = { outerBoundsMode: "same", outerBoundsContain: "axisLabel" };

/** @type {(view: Pick<ChartView, "visual" | "report">) => Measure} */
export const measureOf = ({ visual, report }) => report.measures[visual.measure];
/** @type {(colour?: string) => Options} */
export const textStyle = (colour = "ink") => ({ color: colours()[colour], fontFamily: FONT, fontSize: SIZE });

/** @type {(measure: Measure, show?: boolean) => Options} */
export function valueAxis(measure, show = true) {
  const { line } = colours();
  return {
    type: "value",
    show,
    splitNumber: 4,
    minInterval: measure.format === "count" ? 1 : 0,
    splitLine: { lineStyle: { color: line } },
    axisLabel: {
      ...textStyle("muted"),
      formatter: (/** @type {number} */ value) => format.tick(value, measure.format),
    },
  };
}

/** The axis shared with another chart, if any. @type {(view: ChartView) => Options} */
export const shared = (view) =>
  view.extent ? { yAxis: axisOver(view.extent, measureOf(view).format === "count") } : {};

/** The unit of the value axis, above it and flush left. @type {(measure: Measure) => Options} */
export function unitAbove(measure) {
  const style = { ...textStyle("muted"), fontWeight: "normal" };
  return { title: { text: format.unit(measure), left: 0, top: 4, padding: 0, textStyle: style } };
}

/**
 * Names below columns: in one line, alternating between two lines, or slanted if columns are narrow.
 * @type {(view: ChartView, names: string[]) => CategoryLabels}
 */
export function categoryLabels({ size }, names) {
  const slot = size.width / Math.max(1, names.length);
  const widest = Math.max(0, ...names.map((name) => widthOf(name)));
  const label = { ...textStyle("muted"), margin: 10, interval: 0, rotate: 0, formatter: null };
  if (widest + GAP <= slot) return label;
  /** @type {(name: string, at: number) => string} */
  const byTurns = (name, at) => (at % 2 ? `\n${name}` : name);
  if (widest + GAP <= 2 * slot) return { ...label, lineHeight: 16, formatter: byTurns };
  return { ...label, rotate: slot < 24 ? 90 : 45, width: 96, overflow: "truncate" };
}

/** @type {(name: string, font?: string) => number} */
export function widthOf(name, font = `${SIZE}px ${FONT}`) {
  pen.font = font;
  return pen.measureText(name).width;
}

/**
 * *name*, truncated with an ellipsis if it is wider than *most*.
 * @type {(name: string, most: number, font?: string) => string}
 */
export function shortened(name, most, font) {
  if (widthOf(name, font) <= most) return name;
  const letters = [...name];
  while (letters.length > 1 && widthOf(`${letters.join("")}…`, font) > most) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

const LONGEST_STEP = 120;
const STEPS = [1, 3, 6, 12, 24, 60, LONGEST_STEP];
const ROOM_FOR_MONTH = 68;

/**
 * Labels of months: as many as fit, always on the same months of the year; only years if no more fit.
 * @type {(view: ChartView) => Options}
 */
export function monthLabels({ rows, size }) {
  const months = rows.map((row) => String(row.keys[0]));
  const step = STEPS.find((one) => (one * size.width) / Math.max(1, months.length) >= ROOM_FOR_MONTH) ?? LONGEST_STEP;
  /** @type {(at: number) => boolean} */
  const interval = (at) => ordinal(months[at]) % step === 0;
  const written = step >= 12 ? format.year : format.month;
  return { ...textStyle("muted"), margin: 10, interval, formatter: written, hideOverlap: true };
}
