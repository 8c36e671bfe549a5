/** Lines and areas over months. The line to a month that has not ended is dashed. */

import { measureOf, monthLabels, shared, textStyle, unitAbove, valueAxis, within } from "./axes.js";
import { axisOfShares } from "./extents.js";
import { colours } from "./theme.js";
import { isUnfinished } from "./tip.js";

/** @import { ChartChange, ChartView, Options, Row, Value } from "./types.d.ts" */

const DIMMED = 0.35;

/** @type {(view: ChartView) => Options} */
export function timeline({ visual, ...view }) {
  const { main, line, muted } = colours();
  const series = {
    type: "line",
    symbol: "none",
    showAllSymbol: true,
    lineStyle: { width: 2, color: main },
    itemStyle: { color: main },
    emphasis: { disabled: true },
    data: [],
  };
  const filled = visual.kind === "area" ? { areaStyle: { color: colours()["main-soft"] } } : {};
  return {
    ...unitAbove(measureOf({ visual, ...view })),
    grid: { ...within, left: 0, right: 8, top: 28, bottom: 4 },
    xAxis: {
      type: "category",
      boundaryGap: false,
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisPointer: { show: true, type: "line", label: { show: false }, lineStyle: { color: muted, type: "solid" } },
      axisLabel: textStyle("muted"),
      data: [],
    },
    yAxis: valueAxis(measureOf({ visual, ...view })),
    series: [
      { ...series, ...filled },
      { ...series, ...filled, lineStyle: { ...series.lineStyle, type: [4, 4] } },
    ],
  };
}

/** @type {(view: ChartChange) => Options} */
export function timelineChange(view) {
  const { rows, picks, report, sameMembers } = view;
  const open = rows.length > 0 && isUnfinished(rows[rows.length - 1].keys[0], report) ? rows.length - 1 : rows.length;
  const style = { lineStyle: { opacity: picks.size ? DIMMED : 1 } };
  const points = rows.map((_, at) => point(rows, at, picks));
  const closed = points.map((one, at) => (at < open ? one : null));
  const dashed = open < rows.length ? points.map((one, at) => (at < open - 1 ? null : one)) : [];
  return {
    ...(sameMembers ? {} : { xAxis: { data: rows.map((row) => row.keys[0]), axisLabel: monthLabels(view) } }),
    ...endOfShares(view),
    ...shared(view),
    series: [
      { data: closed, ...style },
      { data: dashed, ...style },
    ],
  };
}

/** @type {(view: ChartChange) => Options} */
const endOfShares = (view) =>
  measureOf(view).format === "percent" ? { yAxis: axisOfShares(view.rows.map(({ value }) => value)) } : {};

/**
 * A dot for a picked month, and for a month without neighbours, which has no line.
 * @type {(rows: Row[], at: number, picks: Set<string>) => Options | Value}
 */
function point(rows, at, picks) {
  const { value, mark } = rows[at];
  const isAlone = value !== null && [at - 1, at + 1].every((place) => (rows[place]?.value ?? null) === null);
  if (picks.has(mark)) return { value, symbol: "circle", symbolSize: 10 };
  return isAlone ? { value, symbol: "circle", symbolSize: 6 } : value;
}
