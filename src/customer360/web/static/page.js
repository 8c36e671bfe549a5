/** One page: its visuals on the grid, updated in place. */

import { element } from "./dom.js";
import { Frame } from "./frame.js";
import { nameOf } from "./rows.js";
import { picksIn, queryOf, withoutPicks } from "./state.js";

/** @import { Actions, Answer, Ask, Charts, Data, Extent, Key, PageDefinition, Report } from "./types.d.ts" */

const SCREEN = { least: 6, most: 10 };
const CARDS = new Set(["card", "kpi", "parameter"]);
const SHEET = { usual: 10, most: 12 };

export class Page {
  /** @type {Map<string, string>} */
  members = new Map();
  /** @type {Answer["visuals"]} */
  data = {};
  parameters = new URLSearchParams();
  /** @type {{ query: string, data: Answer["visuals"] | undefined } | null} */
  whole = null;
  isWaiting = false;
  /** @type {Record<string, Extent>} */
  extents = {};

  /**
   * @param {PageDefinition} definition
   * @param {Report} report
   * @param {Actions} actions
   * @param {Charts} charts
   */
  constructor(definition, report, actions, charts) {
    this.name = definition.name;
    this.definition = JSON.stringify(definition);
    this.visuals = definition.visuals;
    this.report = report;
    this.frames = definition.visuals.map((visual) => new Frame(visual, this, actions, charts));
    this.frames.forEach((frame) => frame.renew());
    this.body = element("div", { class: "grid" }, ...this.frames.map((frame) => frame.body));
    const onScreen = Math.max(SCREEN.least, Math.min(SCREEN.most, definition.rows));
    this.body.style.setProperty("--on-screen", String(onScreen));
    this.body.style.setProperty("--on-sheet", String(startSheets(this.frames, definition.rows)));
    leaveNoHole(this.frames);
  }

  /** Takes a changed report with the same definition of this page. @type {(report: Report) => void} */
  renew(report) {
    this.report = report;
    this.whole = null;
    this.frames.forEach((frame) => frame.renew());
  }

  /** Whether the report still has the definition from which the page was built. @type {(report: Report) => boolean} */
  fits(report) {
    return JSON.stringify(report.pages.find((page) => page.name === this.name)) === this.definition;
  }

  close() {
    this.frames.forEach((frame) => frame.leave());
  }

  /**
   * Takes the numbers to draw; returns the numbers without clicks on marks, or null if they are the same.
   * @type {(data: Answer["visuals"], parameters: URLSearchParams, ask: Ask) => Answer["visuals"] | null}
   */
  take(data, parameters, ask) {
    Object.values(data).forEach((one) => this.remember(one));
    Object.assign(this, { data, parameters });
    return this.wholeOf(data, parameters, ask) ?? null;
  }

  /**
   * Draws charts first: a canvas that writes text after a change of the document forces an immediate layout.
   * @type {(whole: Answer["visuals"] | null, extents?: Record<string, Extent>) => void}
   */
  draw(whole, extents = this.extents) {
    this.extents = extents;
    const frames = [...this.frames].sort((one, other) => Number(other.isChart) - Number(one.isChart));
    for (const frame of frames) {
      const { name } = frame.visual;
      frame.update(this.data[name], this.parameters, frame.hasGhosts ? whole?.[name] : null, extents[name]);
    }
    this.wait(false);
  }

  /**
   * The data under the slicers alone, from before the first click or from *ask*.
   * @type {(data: Answer["visuals"], parameters: URLSearchParams, ask: Ask) => Answer["visuals"] | null | undefined}
   */
  wholeOf(data, parameters, ask) {
    const sliced = withoutPicks(parameters);
    const query = queryOf(sliced);
    if (!picksIn(parameters).length) this.whole = { query, data };
    else if (this.whole?.query !== query) this.whole = { query, data: ask(sliced)?.visuals };
    return picksIn(parameters).length ? this.whole?.data : null;
  }

  /**
   * Adds the data without clicks, if *ask* has it by now; a URL with clicked marks opens without it.
   * @type {(ask: Ask) => void}
   */
  complete(ask) {
    if (this.isWaiting || !this.whole || this.whole.data) return;
    this.whole = null;
    this.draw(this.take(this.data, this.parameters, ask));
  }

  /**
   * Empties the frames until the numbers arrive, so that nobody mistakes old numbers for new ones.
   * @type {(on: boolean) => void}
   */
  wait(on) {
    this.isWaiting = on;
    this.body.classList.toggle("waiting", on);
    this.body.inert = on;
  }

  /**
   * The number of customers on the page, by loyalty status, or null if no visual shows it.
   * @type {() => number | null}
   */
  customers() {
    /** @type {(frame: Frame) => boolean} */
    const isWhole = ({ visual: { by, measure, more }, picks }) =>
      by.join() === "loyalty_status" && [measure, ...more].includes("total_customers") && !picks.size;
    const rows = this.frames.find(isWhole)?.rows;
    if (!rows || rows.some(({ signs }) => signs.total_customers)) return null;
    return rows.reduce((sum, { values }) => sum + (values.total_customers ?? 0), 0);
  }

  afterPaint() {
    this.frames.forEach((frame) => frame.afterPaint());
  }

  resize() {
    this.frames.forEach((frame) => frame.resize());
  }

  /** @type {(on: boolean) => void} */
  print(on) {
    this.frames.forEach((frame) => frame.drawing.print?.(on));
  }

  recolour() {
    this.frames.forEach((frame) => frame.recolour());
  }

  /**
   * Remembers labels of members, because a picked member needs its name even if the filters leave no rows of it.
   * @type {(data: Data) => void}
   */
  remember({ labels = {}, keys = {} }) {
    for (const [dimension, names] of Object.entries(labels)) {
      if (this.report.dimensions[dimension].type === "month") continue;
      names.forEach((name, at) => this.members.set(`${dimension} ${keys[dimension][at]}`, name));
    }
  }

  /** @type {(dimension: string, key: Key) => string} */
  nameOf(dimension, key) {
    return this.members.get(`${dimension} ${key}`) ?? nameOf(dimension, key, this.report);
  }
}

/**
 * In print, breaks a long page before the last row that no visual crosses.
 *
 * Returns the number of rows per sheet; a slightly longer page fits with lower rows.
 * @type {(frames: Frame[], rows: number) => number}
 */
function startSheets(frames, rows) {
  if (rows <= SHEET.most) return Math.max(SHEET.usual, rows);
  for (let first = 0; first + SHEET.usual < rows; ) {
    const next = nextSheet(frames, first);
    if (!next) break;
    frames.filter(({ visual }) => visual.place.row === next).forEach(({ body }) => body.classList.add("next-sheet"));
    first = next;
  }
  return SHEET.usual;
}

/** @type {(frames: Frame[], first: number) => number | undefined} */
function nextSheet(frames, first) {
  const places = frames.map(({ visual }) => visual.place);
  const starts = [...new Set(places.map(({ row }) => row))].sort((one, other) => one - other);
  /** @type {(start: number) => boolean} */
  const isFree = (start) => places.every(({ row, height }) => row >= start || row + height <= start);
  return starts.findLast((start) => start > first && start <= first + SHEET.usual && isFree(start));
}

/**
 * On a screen of half the width: a visual with no neighbour of its height takes a whole row, and the last cards, three
 * in a row otherwise, share theirs.
 * @type {(frames: Frame[]) => void}
 */
function leaveNoHole(frames) {
  const halves = frames.filter(({ tablet, visual }) => tablet === 6 && !CARDS.has(visual.kind));
  const heights = halves.map(({ visual }) => visual.place.height);
  for (let at = 0; at < halves.length; at += 1) {
    if (heights[at] === heights[at + 1]) at += 1;
    else halves[at].widen(12);
  }
  const thirds = frames.filter(({ tablet }) => tablet === 4);
  const left = thirds.length % 3;
  thirds.slice(thirds.length - left).forEach((frame) => frame.widen(12 / left));
}
