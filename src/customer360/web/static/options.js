/**
 * What the charting library is told, by kind of visual.
 *
 * `base` has everything that stays: styles, axes, labels. `change` has the data alone, which is what a click
 * changes: sending only that keeps an answer within a frame.
 */

import * as format from "./format.js";
import { categoryLabels, FONT, measureOf, SIZE, text, unitAbove, valueAxis, widthOf, within } from "./axes.js";
import { colours, dimmed, statusColour, textOn } from "./theme.js";
import { timeline, timelineChange } from "./timeline.js";

const ROOM_FOR_LABEL = 42;
const LEAST_COLUMN = 24;
const LABEL_LINE = 24;
const LABEL_LINES = 28;

export const KINDS = {
  donut: { base: donut, change: donutChange },
  line: { base: timeline, change: timelineChange },
  area: { base: timeline, change: timelineChange },
  bar: { base: bar, change: categoryChange },
  column: { base: (view) => (isHorizontal(view) ? bar(view) : column(view)), change: categoryChange },
  histogram: { base: column, change: categoryChange },
  treemap: { base: treemap, change: treemapChange },
};

/**
 * Loyalty statuses have their colour everywhere; everything else has the main one.
 *
 * A mark that is not picked steps back while others are.
 */
function colourOf({ visual, report, picks }, row) {
  const isStatus = report.dimensions[visual.by[0]].type === "status";
  const colour = colours()[isStatus ? statusColour(row.keys[0], report) : "main"];
  return picks.size && !picks.has(row.mark) ? dimmed(colour) : colour;
}

/** Columns lie down where they would be too narrow to stand. */
export const isHorizontal = ({ visual, rows, size }) =>
  visual.kind === "bar" || (visual.kind === "column" && size.width / Math.max(1, rows.length) < LEAST_COLUMN);

// --- donut -------------------------------------------------------------------------------------------------

/** As large as its labels leave room for. */
function radius({ rows, size }) {
  const label = Math.max(0, ...rows.map((row) => widthOf(row.names[0]))) * 1.1 + LABEL_LINE;
  const outer = Math.max(40, Math.min(size.height / 2 - LABEL_LINES, size.width / 2 - label));
  return [outer * 0.68, outer];
}

function donut(view) {
  const { paper, muted, ink } = colours();
  return {
    graphic: [{ type: "text", id: "total", left: "center", top: "middle", silent: true, style: {} }],
    series: [
      {
        type: "pie",
        radius: radius(view),
        itemStyle: { borderColor: paper, borderWidth: 2 },
        label: {
          ...text(),
          lineHeight: 16,
          formatter: ({ data }) => `{name|${data.name}}\n${data.share}`,
          rich: { name: { fontWeight: 600 } },
          bleedMargin: 0, // the card around it has a margin
        },
        labelLine: { length: 8, length2: 8, lineStyle: { color: muted } },
        emphasis: { scaleSize: 3, itemStyle: { borderColor: ink } },
        data: [],
      },
    ],
  };
}

function donutChange(view) {
  const total = view.rows.reduce((sum, row) => sum + (row.value ?? 0), 0);
  const measure = measureOf(view);
  return {
    graphic: [{ id: "total", style: totalStyle(format.large(total, measure.format), format.unit(measure)) }],
    series: [
      {
        startAngle: view.rows.length === 1 ? 0 : 90, // else the label of the only part lies below, where no room is
        data: view.rows.map((row) => ({
          name: row.names[0],
          value: row.value,
          share: format.full(total ? row.value / total : null, "percent"),
          itemStyle: { color: colourOf(view, row) },
        })),
      },
    ],
  };
}

function totalStyle(total, unit) {
  const { ink, muted } = colours();
  return {
    text: `{total|${total}}\n{unit|${unit}}`,
    textAlign: "center",
    rich: {
      total: { font: `600 16px ${FONT}`, fill: ink, lineHeight: 20 },
      unit: { font: `${SIZE}px ${FONT}`, fill: muted, lineHeight: 16 },
    },
  };
}

// --- bars and columns --------------------------------------------------------------------------------------

function bar(view) {
  const measure = measureOf(view);
  const { line } = colours();
  const share = measure.format === "percent";
  return {
    grid: { ...within, left: 0, right: 64, top: 0, bottom: 0 },
    xAxis: { type: "value", show: false, max: share ? 1 : "dataMax" },
    yAxis: {
      type: "category",
      inverse: true,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...text(), interval: 0 },
      data: [],
    },
    series: [
      {
        type: "bar",
        barMaxWidth: 32,
        barCategoryGap: "36%",
        showBackground: share,
        backgroundStyle: { color: line, opacity: 0.5 },
        label: { ...valueLabel(measure), show: true, position: "right", fontWeight: 600 },
        emphasis: { itemStyle: { borderColor: colours().ink, borderWidth: 1 } },
        data: [],
      },
    ],
  };
}

function column(view) {
  const measure = measureOf(view);
  const { line, ink, paper } = colours();
  const touching = view.visual.kind === "histogram";
  const slot = view.size.width / Math.max(1, view.rows.length);
  const labelled = slot >= ROOM_FOR_LABEL;
  return {
    ...(labelled ? {} : unitAbove(measure)),
    grid: { ...within, left: 0, right: 0, top: 24, bottom: touching ? 20 : 4 },
    xAxis: {
      type: "category",
      name: touching ? axisName(view) : "",
      nameLocation: "middle",
      nameTextStyle: text("muted"),
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      data: [],
    },
    yAxis: { ...valueAxis(measure, !labelled), max: labelled ? "dataMax" : null },
    series: [
      {
        type: "bar",
        barMaxWidth: touching ? null : 48,
        barCategoryGap: touching ? 0 : "28%",
        itemStyle: touching ? { borderColor: paper, borderWidth: 0.5 } : {},
        label: { ...valueLabel(measure), show: labelled, position: "top" },
        emphasis: { itemStyle: { borderColor: ink, borderWidth: 1 } },
        data: [],
      },
    ],
  };
}

function axisName({ report, visual }) {
  const { label, unit } = report.dimensions[visual.by[0]];
  return unit ? `${label} (${unit})` : label;
}

const valueLabel = (measure) => ({
  ...text(),
  formatter: ({ value }) => format.compact(value, measure.format),
});

/** Both kinds of bars: the members, where they changed, and a value and colour for each. */
function categoryChange(view) {
  const names = view.rows.map((row) => row.names[0]);
  const lying = () => ({ yAxis: { data: names } });
  const standing = () => ({ xAxis: { data: names, axisLabel: categoryLabels(view, names) } });
  const axis = isHorizontal(view) ? lying : standing;
  return {
    ...(view.sameMembers ? {} : axis()),
    series: [
      {
        data: view.rows.map((row) => ({
          value: row.value,
          itemStyle: { color: colourOf(view, row) },
        })),
      },
    ],
  };
}

// --- treemap -----------------------------------------------------------------------------------------------

function treemap() {
  return {
    series: [
      {
        type: "treemap",
        animation: false,
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        left: 0,
        right: 0,
        top: 0,
        bottom: 0,
        itemStyle: { gapWidth: 2, borderWidth: 0 },
        label: {
          position: [12, 10],
          lineHeight: 18,
          fontFamily: FONT,
          fontSize: SIZE,
          rich: { name: { fontSize: 14, fontWeight: 600, lineHeight: 22 } },
          formatter: ({ data }) => `{name|${data.name}}\n${data.figures}`,
        },
        emphasis: { itemStyle: { borderColor: colours().ink, borderWidth: 2 } },
        data: [],
      },
    ],
  };
}

function treemapChange(view) {
  const { format: written } = measureOf(view);
  const total = view.rows.reduce((sum, row) => sum + (row.value ?? 0), 0);
  return {
    series: [
      {
        data: view.rows.map((row) => {
          const colour = colourOf(view, row);
          const share = format.full(total ? row.value / total : null, "percent");
          return {
            name: row.names[0],
            value: row.value,
            figures: `${format.compact(row.value, written)}\n${share}`,
            itemStyle: { color: colour },
            label: { color: textOn(colour) },
          };
        }),
      },
    ],
  };
}
