/**
 * The options of the charting library, by kind of visual.
 *
 * `base` has the constant options: styles, axes, labels. `change` has only the data, which a click changes; sending
 * only that keeps an update within one frame.
 */

import * as format from "./format.js";
import * as axes from "./axes.js";
import { FONT, measureOf, shortened, SIZE, textStyle, widthOf, within } from "./axes.js";
import { colours, dim, statusColour, textOn } from "./theme.js";
import { flow, flowChange } from "./flow.js";
import { timeline, timelineChange } from "./timeline.js";

/** @import { ChartChange, ChartKind, ChartView, Measure, Options, Row, Size, Value } from "./types.d.ts" */

/**
 * The argument of the library's label formatters.
 * @typedef {{ name: string, share: string }} Part
 * @typedef {{ name: string, figures: string[] }} Tile
 */

const ROOM_FOR_LABEL = 42;
const LEAST_COLUMN = 24;
const LABEL_LINE = 24;
const LABEL_LINES = 28;
const WIDEST_NAME = 160;
const BOLD = `600 ${SIZE}px ${FONT}`;
const MANY = 12;
const INSET = 10;
const NAME = `600 14px ${FONT}`;
const TOTAL = `600 16px ${FONT}`;

/** @type {Record<ChartKind, { base: (view: ChartView) => Options, change: (view: ChartChange) => Options }>} */
export const KINDS = {
  donut: { base: donut, change: donutChange },
  line: { base: timeline, change: timelineChange },
  area: { base: timeline, change: timelineChange },
  bar: { base: bar, change: categoryChange },
  column: { base: (view) => (isHorizontal(view) ? bar(view) : column(view)), change: categoryChange },
  histogram: { base: column, change: categoryChange },
  treemap: { base: treemap, change: treemapChange },
  flow: { base: flow, change: flowChange },
};

/**
 * Loyalty statuses have their own colours; everything else has the main colour.
 *
 * Marks that are not picked are dimmed while others are.
 * @type {(view: ChartView, row: Row) => string}
 */
function colourOf({ visual, report, picks }, row) {
  const isStatus = report.dimensions[visual.by[0]].type === "status";
  const colour = colours()[isStatus ? statusColour(row.keys[0], report) : "main"];
  return picks.size && !picks.has(row.mark) ? dim(colour) : colour;
}

/**
 * The width of a name next to a mark: at most part of a narrow visual.
 * @type {(view: ChartView) => number}
 */
const roomForName = ({ size }) => Math.min(WIDEST_NAME, size.width * 0.3);

/** Whether columns become horizontal bars, because they would be too narrow. @type {(view: ChartView) => boolean} */
export const isHorizontal = ({ visual, rows, size }) =>
  visual.kind === "bar" || (visual.kind === "column" && size.width / Math.max(1, rows.length) < LEAST_COLUMN);

// --- donut -------------------------------------------------------------------------------------------------

/** The radii of a ring that leaves room for its labels. @type {(view: ChartView) => [hole: number, outer: number]} */
function radius(view) {
  const { rows, size } = view;
  const widest = Math.max(0, ...rows.map((row) => widthOf(row.names[0], BOLD)));
  const label = Math.max(widthOf("100.0 %"), Math.min(widest, roomForName(view))) + LABEL_LINE;
  const outer = Math.max(40, Math.min(size.height / 2 - LABEL_LINES, size.width / 2 - label));
  return [outer * 0.68, outer];
}

/** @type {(view: ChartView) => Options} */
function donut(view) {
  const { paper, muted, ink } = colours();
  return {
    graphic: [{ type: "text", id: "total", left: "center", top: "middle", silent: true, style: {} }],
    series: [
      {
        type: "pie",
        stillShowZeroSum: false,
        radius: radius(view),
        itemStyle: { borderColor: paper, borderWidth: view.rows.length > MANY ? 0.5 : 2 },
        label: {
          ...textStyle(),
          lineHeight: 16,
          formatter: (/** @type {{ data: Part }} */ { data: { name, share } }) =>
            `{name|${shortened(name, roomForName(view), BOLD)}}\n${share}`,
          rich: { name: { fontWeight: 600 } },
          bleedMargin: 0, // the surrounding card has a margin
        },
        labelLine: { length: 8, length2: 8, lineStyle: { color: muted } },
        emphasis: { scaleSize: 3, itemStyle: { borderColor: ink } },
        data: [],
      },
    ],
  };
}

/** The sum of the marks; null if any mark is suppressed. @type {(view: ChartView) => Value} */
const totalOf = ({ rows, visual: { measure } }) =>
  rows.some(({ signs }) => signs[measure]) ? null : rows.reduce((sum, row) => sum + (row.value ?? 0), 0);

/** The share of a mark. @type {(row: Row, total: Value, view: ChartView) => string} */
const shareOf = (row, total, view) =>
  total === null
    ? format.compact(row.value, measureOf(view).format, row.signs[view.visual.measure])
    : format.full(total ? Number(row.value) / total : null, "percent");

/** @type {(view: ChartView) => Options} */
function donutChange(view) {
  const total = totalOf(view);
  const measure = measureOf(view);
  const written = total === null ? "" : format.large(total, measure.format);
  return {
    graphic: [{ id: "total", style: totalStyle(written, format.unit(measure), radius(view)) }],
    series: [
      {
        startAngle: view.rows.length === 1 ? 0 : 90, // keeps a single part's label out of the space below
        data: view.rows.map((row) => ({
          name: row.names[0],
          value: row.value ?? 0,
          share: shareOf(row, total, view),
          itemStyle: { color: colourOf(view, row) },
        })),
      },
    ],
  };
}

/**
 * The total, if it fits into the hole; a number is never truncated.
 * @type {(total: string, unit: string, radius: [hole: number, outer: number]) => Options}
 */
function totalStyle(total, unit, [hole]) {
  const { ink, muted } = colours();
  /** @type {(text: string, font: string | undefined, height: number) => boolean} */
  const fits = (text, font, height) => widthOf(text, font) + 8 <= 2 * Math.sqrt(Math.max(0, hole ** 2 - height ** 2));
  const lines = fits(total, TOTAL, 20) && fits(unit, undefined, 20) ? `{total|${total}}\n{unit|${unit}}` : "";
  return {
    text: lines || (fits(total, TOTAL, 10) ? `{total|${total}}` : ""),
    textAlign: "center",
    rich: {
      total: { font: TOTAL, fill: ink, lineHeight: 20 },
      unit: { font: `${SIZE}px ${FONT}`, fill: muted, lineHeight: 16 },
    },
  };
}

// --- bars and columns --------------------------------------------------------------------------------------

/** @type {(view: ChartView) => Options} */
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
      axisLabel: {
        ...textStyle(),
        interval: 0,
        formatter: (/** @type {string} */ name) => shortened(name, roomForName(view)),
      },
      data: [],
    },
    series: [
      {
        type: "bar",
        barMaxWidth: 32,
        barGap: "-100%",
        barCategoryGap: "36%",
        showBackground: share,
        backgroundStyle: { color: line, opacity: 0.5 },
        label: { ...valueLabel(measure), show: true, position: "right", fontWeight: 600 },
        emphasis: { itemStyle: { borderColor: colours().ink, borderWidth: 1 } },
        data: [],
      },
      ghosts({ barMaxWidth: 32, barCategoryGap: "36%" }),
    ],
  };
}

/** Bars behind the bars: their length before a mark was clicked elsewhere. @type {(shape: Options) => Options} */
const ghosts = (shape) => ({
  type: "bar",
  ...shape,
  silent: true,
  z: 1,
  itemStyle: { color: dim(colours().main) },
  emphasis: { disabled: true },
  tooltip: { show: false },
  data: [],
});

/** @type {(view: ChartView) => Options} */
function column(view) {
  const measure = measureOf(view);
  const { line, ink, paper } = colours();
  const touching = view.visual.kind === "histogram";
  const shape = { barMaxWidth: touching ? null : 48, barCategoryGap: touching ? 0 : "28%" };
  const slot = view.size.width / Math.max(1, view.rows.length);
  const labelled = slot >= ROOM_FOR_LABEL;
  return {
    ...(labelled ? {} : axes.unitAbove(measure)),
    grid: { ...within, left: 0, right: 0, top: 24, bottom: touching ? 20 : 4 },
    xAxis: {
      type: "category",
      name: touching ? axisName(view) : "",
      nameLocation: "middle",
      nameTextStyle: textStyle("muted"),
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      data: [],
    },
    yAxis: { ...axes.valueAxis(measure, !labelled), max: labelled ? "dataMax" : null },
    series: [
      {
        type: "bar",
        ...shape,
        barGap: "-100%",
        itemStyle: touching ? { borderColor: paper, borderWidth: 0.5 } : {},
        label: { ...valueLabel(measure), show: labelled, position: "top" },
        emphasis: { itemStyle: { borderColor: ink, borderWidth: 1 } },
        data: [],
      },
      ghosts(shape),
    ],
  };
}

/** @type {(view: ChartView) => string} */
function axisName({ report, visual }) {
  const { label, axis } = report.dimensions[visual.by[0]];
  return axis ?? label;
}

/** @type {(measure: Measure) => Options} */
const valueLabel = (measure) => ({
  ...textStyle(),
  formatter: (/** @type {{ value: Value }} */ { value }) => format.compact(value, measure.format),
});

/**
 * For both kinds of bars: the members if they have changed, and a value and colour for each.
 * @type {(view: ChartChange) => Options}
 */
function categoryChange(view) {
  const names = view.rows.map((row) => row.names[0]);
  const lying = () => ({ yAxis: { data: names } });
  const { zero } = measureOf(view).expression;
  const standing = () => ({ xAxis: standingLabels(view, names) });
  const isLying = isHorizontal(view);
  const axis = isLying ? lying : standing;
  return {
    ...(view.sameMembers ? {} : axis()),
    ...(isLying ? { xAxis: { max: extentOf(view) } } : axes.shared(view)),
    series: [
      {
        data: view.rows.map((row) => ({
          value: row.value,
          itemStyle: { color: colourOf(view, row) },
          ...unsaid(row, view),
        })),
      },
      // means have no ghosts
      ...(view.sameGhosts ? [] : [{ data: zero ? view.rows.map(({ whole = null }) => whole) : [] }]),
    ],
  };
}

/** The sign that replaces a suppressed bar. @type {(row: Row, view: ChartView) => Options} */
function unsaid({ signs }, { visual: { measure } }) {
  const sign = signs[measure];
  return sign ? { value: 0, label: { formatter: () => sign, color: colours().muted } } : {};
}

/** Names below columns, with the title of the axis below them. @type {(view: ChartView, names: string[]) => Options} */
function standingLabels(view, names) {
  const axisLabel = axes.categoryLabels(view, names);
  const widest = Math.min(axisLabel.width ?? Infinity, Math.max(0, ...names.map((name) => widthOf(name))));
  const slanted = Math.sin((axisLabel.rotate * Math.PI) / 180) * (widest + SIZE);
  const height = axisLabel.rotate ? slanted : (axisLabel.lineHeight ?? SIZE);
  return { data: names, axisLabel, nameGap: axisLabel.margin + height + 4 };
}

/**
 * The longest bar, now or before a mark was clicked elsewhere.
 * @type {(view: ChartView) => number | "dataMax"}
 */
function extentOf(view) {
  if (measureOf(view).format === "percent") return 1;
  const shared = view.extent?.[1] ?? 0;
  return Math.max(shared, ...view.rows.flatMap(({ value, whole }) => [value ?? 0, whole ?? 0])) || "dataMax";
}

// --- treemap -----------------------------------------------------------------------------------------------

/** @type {(view: ChartView) => Options} */
function treemap({ roomOf }) {
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
          position: [0, 0],
          padding: [INSET, INSET],
          lineHeight: 18,
          fontFamily: FONT,
          fontSize: SIZE,
          rich: { name: { fontSize: 14, fontWeight: 600, lineHeight: 22 } },
          formatter: (/** @type {{ data: Tile, dataIndex: number }} */ { data, dataIndex }) =>
            inTile(data, roomOf(dataIndex)),
        },
        emphasis: { itemStyle: { borderColor: colours().ink, borderWidth: 2 } },
        data: [],
      },
    ],
  };
}

/**
 * The name, and the figures that fit into the tile; figures are never truncated.
 * @type {(tile: Tile, room: Size) => string}
 */
function inTile({ name, figures }, { width, height }) {
  const room = width - 2 * INSET - 1;
  const lines = Math.floor((height - 2 * INSET - 22) / 18);
  const fitting = figures.every((one) => widthOf(one) <= room) ? figures.slice(0, Math.max(0, lines)) : [];
  return lines < 0 || room < 2 * SIZE ? "" : [`{name|${shortened(name, room, NAME)}}`, ...fitting].join("\n");
}

/** @type {(view: ChartView) => Options} */
function treemapChange(view) {
  const { format: unit } = measureOf(view);
  const total = totalOf(view);
  return {
    series: [
      {
        data: view.rows.map((row) => {
          const colour = colourOf(view, row);
          const share = total === null ? [] : [shareOf(row, total, view)];
          return {
            name: row.names[0],
            value: row.value,
            figures: [format.compact(row.value, unit), ...share],
            itemStyle: { color: colour },
            label: { color: textOn(colour) },
          };
        }),
      },
    ],
  };
}
