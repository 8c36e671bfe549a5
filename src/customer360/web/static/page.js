/** One page: its visuals on the grid, updated in place. */

import { byId } from "./dom.js";
import { Frame } from "./frame.js";
import { nameOf } from "./rows.js";
import { picksIn, queryOf, withoutPicks } from "./state.js";

/** @import { Actions, Answer, Ask, Charts, Data, Key, PageDefinition, Report } from "./types.d.ts" */

const grid = byId("visuals");

export class Page {
  /** @type {Map<string, string>} */
  members = new Map();
  /** @type {Answer["visuals"]} */
  data = {};
  parameters = new URLSearchParams();
  /** @type {{ query: string, data: Answer["visuals"] | undefined } | null} */
  whole = null;
  isWaiting = false;

  /**
   * @param {PageDefinition} definition
   * @param {Report} report
   * @param {Actions} actions
   * @param {Charts} charts
   */
  constructor(definition, report, actions, charts) {
    this.name = definition.name;
    this.definition = JSON.stringify(definition);
    this.report = report;
    this.frames = definition.visuals.map((visual) => new Frame(visual, this, actions, charts));
    this.frames.forEach((frame) => frame.renew());
  }

  /** The report changed, but for this page's definition. @type {(report: Report) => void} */
  renew(report) {
    this.report = report;
    this.whole = null;
    this.frames.forEach((frame) => frame.renew());
  }

  /** Whether the report still defines the page as it was built. @type {(report: Report) => boolean} */
  fits(report) {
    return JSON.stringify(report.pages.find((page) => page.name === this.name)) === this.definition;
  }

  open() {
    grid.replaceChildren(...this.frames.map((frame) => frame.body));
    this.resize();
  }

  close() {
    this.frames.forEach((frame) => frame.leave());
  }

  /**
   * Charts first: a canvas that writes text after the document has changed makes the browser lay it out at once.
   * @type {(data: Answer["visuals"], parameters: URLSearchParams, ask: Ask) => void}
   */
  update(data, parameters, ask) {
    Object.values(data).forEach((one) => this.remember(one));
    Object.assign(this, { data, parameters });
    const whole = this.wholeOf(data, parameters, ask);
    const frames = [...this.frames].sort((one, other) => Number(other.isChart) - Number(one.isChart));
    for (const frame of frames) {
      const { name } = frame.visual;
      frame.update(data[name], parameters, frame.hasGhosts ? whole?.[name] : null);
    }
    this.wait(false);
  }

  /**
   * What there is under the slicers alone, which *ask* may know: known since before the first click.
   * @type {(data: Answer["visuals"], parameters: URLSearchParams, ask: Ask) => Answer["visuals"] | null | undefined}
   */
  wholeOf(data, parameters, ask) {
    const sliced = withoutPicks(parameters);
    const query = queryOf(sliced);
    if (!picksIn(parameters).length) this.whole = { query, data };
    else if (this.whole?.query !== query) this.whole = { query, data: ask(sliced)?.visuals };
    return picksIn(parameters).length ? this.whole?.data : null;
  }

  /** What an address with clicked marks opened without: *ask* may know it by now. @type {(ask: Ask) => void} */
  complete(ask) {
    if (this.isWaiting || !this.whole || this.whole.data) return;
    this.whole = null;
    this.update(this.data, this.parameters, ask);
  }

  /**
   * Empty frames until the numbers come: those of another page, or of other filters, would be taken for them.
   * @type {(on: boolean) => void}
   */
  wait(on) {
    this.isWaiting = on;
    grid.classList.toggle("waiting", on);
    grid.inert = on;
  }

  /** How many customers it shows, by loyalty status, or null where no visual says. @type {() => number | null} */
  customers() {
    /** @type {(frame: Frame) => boolean} */
    const isWhole = ({ visual: { by, measure, more }, picks }) =>
      by.join() === "loyalty_status" && [measure, ...more].includes("total_customers") && !picks.size;
    const rows = this.frames.find(isWhole)?.rows;
    return rows ? rows.reduce((sum, { values }) => sum + (values.total_customers ?? 0), 0) : null;
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
   * How members are written: a picked one must be named even where filters leave nothing of it.
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
