/** Columns by month that add up: series stacked above and below zero, with their sum as a line. */

import { measureOf, monthLabels, shared, textStyle, unitAbove, valueAxis, within } from "./axes.js";
import { element } from "./dom.js";
import * as format from "./format.js";
import { seriesOf } from "./stacks.js";
import { colours, dim } from "./theme.js";
import { isUnfinished } from "./tip.js";

/** @import { ChartChange, ChartView, Format, Options, Report, Row, Visual } from "./types.d.ts" */

/** In pixels: the width of a month below which its column touches its neighbours. */
const LEAST_SPACED = 5;

/** @type {(view: ChartView) => Options} */
export function flow(view) {
  const { line, muted, ink } = colours();
  const measure = measureOf(view);
  const bars = seriesOf(view.visual).map(() => ({
    type: "bar",
    stack: "flow",
    barMaxWidth: 48,
    emphasis: { disabled: true },
    data: [],
  }));
  const axis = valueAxis(measure);
  const axisLabel = { .../** @type {Options} */ (axis.axisLabel), formatter: sizeOf(measure.format) };
  return {
    ...unitAbove(measure),
    grid: { ...within, left: 0, right: 8, top: 28, bottom: 4 },
    xAxis: {
      type: "category",
      axisLine: { onZero: false, lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: textStyle("muted"),
      data: [],
    },
    yAxis: { ...axis, axisLabel },
    series: [
      ...bars,
      {
        type: "line",
        symbol: "none",
        z: 3,
        lineStyle: { width: 1.5, color: ink },
        emphasis: { disabled: true },
        markLine: {
          silent: true,
          symbol: "none",
          label: { show: false },
          lineStyle: { color: muted, type: "solid", width: 1 },
          data: [{ yAxis: 0 }],
        },
        data: [],
      },
    ],
  };
}

/**
 * Ticks without a sign: below zero is a direction, not a negative number.
 * @type {(written: Format) => (value: number) => string}
 */
const sizeOf = (written) => (value) => format.tick(Math.abs(value), written);

/** @type {(view: ChartChange) => Options} */
export function flowChange(view) {
  const { rows, picks, report, visual, sameMembers } = view;
  const spacing = spacingOf(view);
  const stacks = seriesOf(visual).map(({ name, colour, sign }) => ({
    ...spacing,
    data: rows.map((row) => ({
      value: sign * Number(row.values[name] ?? 0),
      itemStyle: { color: shaded(colours()[colour], row, picks, report) },
    })),
  }));
  return {
    ...(sameMembers ? {} : { xAxis: { data: rows.map((row) => row.keys[0]), axisLabel: monthLabels(view) } }),
    ...shared(view),
    series: [...stacks, { data: rows.map(({ value }) => value) }],
  };
}

/** Columns of a few pixels touch: a gap would take most of their colour. @type {(view: ChartView) => Options} */
function spacingOf({ rows, size }) {
  const isTight = size.width < LEAST_SPACED * rows.length;
  const itemStyle = { borderColor: colours().paper, borderWidth: isTight ? 0 : 0.5 };
  return { barCategoryGap: isTight ? 0 : "24%", itemStyle };
}

/**
 * Paler if another month is picked, or if the month has not ended.
 * @type {(colour: string, row: Row, picks: Set<string>, report: Report) => string}
 */
const shaded = (colour, { mark, keys }, picks, report) =>
  (picks.size ? !picks.has(mark) : isUnfinished(keys[0], report)) ? dim(colour) : colour;

/** The legend of the colours, in the order of the stack. @type {(visual: Visual, report: Report) => HTMLElement} */
export function legend(visual, report) {
  const entries = seriesOf(visual).map(({ name, colour, sign }) => {
    const swatch = element("i", { class: "patch" });
    swatch.style.setProperty("--dot", `var(--${colour})`);
    return element("li", {}, swatch, `${report.measures[name].label}${sign < 0 ? " (below zero)" : ""}`);
  });
  const sum = element("li", {}, element("i", { class: "patch line" }), report.measures[visual.measure].label);
  return element("ul", { class: "legend" }, ...entries, sum);
}
