/** Visuals drawn on a canvas: created once, then updated with new data. */

import * as echarts from "./vendor/echarts.esm.min.js";
import { FONT, SIZE } from "./axes.js";
import { element, setAttribute } from "./dom.js";
import * as format from "./format.js";
import { marks } from "./marks.js";
import { legend } from "./flow.js";
import { isHorizontal, KINDS } from "./options.js";
import { colours } from "./theme.js";
import { content } from "./tip.js";

/** @import { ChartKind, ChartView, Frame, Options, Point, Row } from "./types.d.ts" */

/**
 * What the library reports about a mark, and about the sizes of a tooltip and the chart.
 * @typedef {{ dataIndex: number, name: string }} Hit
 * @typedef {{ contentSize: [number, number], viewSize: [number, number] }} Sizes
 */

const NO_ROOM = { width: 0, height: 0 };
const BY_AXIS = new Set(["line", "area", "bar", "column", "histogram", "flow"]);

const PAPER_SCALE = 3;
const MOST_BARS = 12;
const BAR_ROOM = 24;

/** @type {(frame: Frame) => Chart} */
export const chart = (frame) => new Chart(frame);

export class Chart {
  size = { width: 0, height: 0 };
  /** @type {echarts.Chart | null} */
  drawn = null;
  /** @type {HTMLCanvasElement | null} */
  paper = null;
  /** @type {string | null} */
  members = null;
  /** @type {string | null} */
  ghosts = null;
  dressedFor = 0;
  /** The mark under the pointer, if only the library knows it. @type {Row | undefined} */
  hovered = undefined;

  /** @param {Frame} frame */
  constructor(frame) {
    this.frame = frame;
    this.kind = KINDS[/** @type {ChartKind} */ (frame.visual.kind)];
    this.byAxis = BY_AXIS.has(frame.visual.kind);
    this.canvas = element("div", { class: "canvas", "aria-hidden": "true" });
    this.marks = marks(frame, { highlight: (at) => this.highlight(at), leave: () => this.downplay() });
    const key = frame.visual.kind === "flow" ? legend(frame.visual, frame.report) : null;
    this.body = element("figure", { class: "chart" }, key, this.canvas, this.marks.body);
  }

  /** Reads the size. This is done for all charts before the first is drawn. */
  measure() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width && height) this.size = { width, height };
  }

  /** @type {(view: Frame) => void} */
  update(view) {
    const members = JSON.stringify(view.rows.map((row) => row.mark));
    const sameMembers = members === this.members;
    this.members = members;
    const ghosts = view.rows.map(({ whole }) => whole).join();
    const sameGhosts = ghosts === this.ghosts;
    this.ghosts = ghosts;
    if (!sameMembers) this.stretch(view);
    if (!this.drawn) this.start(view);
    this.send(this.kind.change({ ...this.view(view), sameMembers, sameGhosts }));
  }

  /** Makes many horizontal bars scroll instead of overlap. @type {(view: Frame) => void} */
  stretch(view) {
    const wanted = view.rows.length * BAR_ROOM;
    const isLong = view.rows.length > MOST_BARS && wanted > this.body.clientHeight && isHorizontal(this.view(view));
    const height = isLong ? `${wanted}px` : "";
    if (this.canvas.style.minHeight === height) return;
    this.canvas.style.minHeight = height;
    this.measure();
    this.resize(view);
  }

  /** @type {(view: Frame) => ChartView} */
  view({ visual, rows, picks, report, extent }) {
    return { extent, visual, rows, picks, report, size: this.size, roomOf: (at) => this.roomOf(at) };
  }

  /**
   * The size of a tile in the library, which is known while it writes the label.
   * @type {(at: number) => { width: number, height: number }}
   */
  roomOf(at) {
    return this.drawn?.getModel().getSeriesByIndex(0).getData().getItemLayout(at) ?? NO_ROOM;
  }

  /** @type {(view: Frame) => void} */
  start(view) {
    this.drawn = echarts.init(this.canvas, null, { renderer: "canvas", ...this.size });
    this.listen(this.drawn);
    this.dress(view);
  }

  /** @type {(view: Frame) => void} */
  dress(view) {
    this.dressedFor = this.size.width;
    const option = { ...commonOptions(this), ...this.kind.base(this.view(view)) };
    this.drawn?.setOption(option, { notMerge: true, silent: true, lazyUpdate: true });
  }

  /** @type {(option: Options) => void} */
  send(option) {
    this.drawn?.setOption(option, { silent: true });
  }

  /** Redraws everything, for other colours or another width. @type {(view: Frame) => void} */
  recolour(view) {
    if (!this.drawn) return;
    this.dress(view);
    this.send(this.kind.change({ ...this.view(view), sameMembers: false, sameGhosts: false }));
  }

  /** @type {(view: Frame) => void} */
  resize(view) {
    const { width, height } = this.size;
    if (!this.drawn) return;
    if (width === this.drawn.getWidth() && height === this.drawn.getHeight()) return;
    this.drawn.resize({ width, height });
    if (width !== this.dressedFor) this.recolour(view);
  }

  /** @type {(drawn: echarts.Chart) => void} */
  listen(drawn) {
    if (!this.byAxis) {
      drawn.on("click", ({ name, event }) => this.pick(this.rowAt(name), event.event));
      drawn.on("mouseover", ({ name }) => (this.hovered = this.rowAt(name)));
      drawn.on("mouseout", () => (this.hovered = undefined));
      return;
    }
    const pen = drawn.getZr();
    pen.on("click", (event) => this.pick(this.rowUnder(drawn, event), event.event));
    pen.on("mousemove", (event) => {
      const canPick = this.frame.visual.pickable && this.rowUnder(drawn, event);
      pen.setCursorStyle(canPick ? "pointer" : "default");
    });
  }

  /** @type {(name: string) => Row | undefined} */
  rowAt = (name) => this.frame.rows.find((row) => row.names[0] === name);

  /**
   * The mark at a position. The whole band of a mark counts, including its name, because small marks are hard to hit.
   * @type {(drawn: echarts.Chart, event: Pick<echarts.PenEvent, "offsetX" | "offsetY">) => Row | undefined}
   */
  rowUnder(drawn, { offsetX, offsetY }) {
    const [x, y] = drawn.convertFromPixel({ gridIndex: 0 }, [offsetX, offsetY]);
    return this.frame.rows[isHorizontal(this.view(this.frame)) ? y : x];
  }

  /** The mark at a point of the window. @type {(point: Point) => Row | undefined} */
  rowFrom({ clientX, clientY }) {
    const { left, top, right, bottom } = this.canvas.getBoundingClientRect();
    if (!this.drawn || clientX < left || clientX > right || clientY < top || clientY > bottom) return undefined;
    if (!this.byAxis) return this.hovered;
    return this.rowUnder(this.drawn, { offsetX: clientX - left, offsetY: clientY - top });
  }

  /** @type {(row: Row | undefined, event: MouseEvent) => void} */
  pick(row, event) {
    if (row && this.frame.visual.pickable) this.frame.pick(row.mark, event);
  }

  /** @type {(at: number) => void} */
  highlight(at) {
    const index = this.frame.visual.kind === "treemap" ? at + 1 : at;
    this.reveal(at / this.frame.rows.length);
    this.downplay();
    this.drawn?.dispatchAction({ type: "highlight", seriesIndex: 0, dataIndex: index });
    this.drawn?.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: index, position: besideMark });
  }

  /** Scrolls to the bars around *share* of the height. @type {(share: number) => void} */
  reveal(share) {
    const { scrollHeight, clientHeight } = this.body;
    if (scrollHeight > clientHeight) this.body.scrollTop = share * scrollHeight - clientHeight / 2;
  }

  downplay() {
    this.drawn?.dispatchAction({ type: "downplay", seriesIndex: 0 });
    this.leave();
  }

  /** @type {(view: Frame) => void} */
  afterPaint(view) {
    this.marks.update(view);
    setAttribute(this.body, "aria-label", summary(view));
  }

  /** Uses a finer canvas for paper than for the screen. @type {(on: boolean) => void} */
  print(on) {
    this.paper?.remove();
    this.paper = (on && this.picture(PAPER_SCALE)) || null;
    if (!this.paper) return;
    this.paper.className = "paper";
    this.canvas.append(this.paper);
  }

  /** @type {(scale: number) => HTMLCanvasElement | undefined} */
  picture(scale) {
    this.leave();
    return this.drawn?.renderToCanvas({ pixelRatio: scale });
  }

  leave() {
    this.drawn?.dispatchAction({ type: "hideTip" });
    this.drawn?.dispatchAction({ type: "updateAxisPointer", currTrigger: "leave" });
  }
}

/** @type {(drawing: Chart) => Options} */
function commonOptions(drawing) {
  const { line, ink } = colours();
  return {
    animation: false,
    textStyle: { fontFamily: FONT, fontSize: SIZE, color: ink },
    tooltip: {
      trigger: drawing.byAxis ? "axis" : "item",
      axisPointer: { type: "shadow", animation: false, z: 0, shadowStyle: { color: line, opacity: 0.35 } },
      formatter: (/** @type {Hit | Hit[]} */ hit) => tipOf(drawing, Array.isArray(hit) ? hit[0] : hit),
      appendTo: document.getElementById("page"),
      className: "tip",
      backgroundColor: "transparent",
      borderWidth: 0,
      padding: 0,
      extraCssText: "box-shadow: none",
      transitionDuration: 0,
      confine: true,
    },
  };
}

/** @type {(drawing: Chart, hit: Hit) => HTMLElement | string} */
function tipOf({ frame, byAxis, rowAt }, { dataIndex, name }) {
  const row = byAxis ? frame.rows[dataIndex] : rowAt(name);
  return row ? content(frame, row) : "";
}

/**
 * The place of a tooltip for the keyboard: in the half without the mark, above the focused button.
 * @type {(point: number[], hit: unknown, tip: unknown, mark: unknown, sizes: Sizes)
 *   => [left: number, top: number]}
 */
function besideMark([x], _, __, ___, { contentSize, viewSize }) {
  const left = x > viewSize[0] / 2 ? 0 : viewSize[0] - contentSize[0];
  return [left, Math.max(0, viewSize[1] - contentSize[1] - 32)];
}

/** The summary of the chart for screen readers. @type {(view: Frame) => string} */
function summary({ visual, rows, report }) {
  const measure = report.measures[visual.measure];
  const known = rows.filter((row) => row.value !== null);
  const some = rows.some(({ signs }) => signs[visual.measure]);
  if (!known.length) return `${visual.title}: ${some ? "too few customers to show" : "no customers match"}`;
  const most = known.reduce((one, other) => (Number(other.value) > Number(one.value) ? other : one));
  const highest = `${most.names[0]} with ${format.told(most.value, measure)}`;
  return `${visual.title}, ${visual.kind} with ${rows.length} marks: highest is ${highest}`;
}
