/** The frame of a visual: its title, definition, tools and drawing. */

import { askWhole, hasWhole, isAskable, listen } from "./asking.js";
import { card } from "./cards.js";
import { contextOf } from "./context.js";
import { element, icon, setAttribute, setText } from "./dom.js";
import { download, picture } from "./exports.js";
import * as format from "./format.js";
import { funnel } from "./funnel.js";
import { heatMap } from "./heatmap.js";
import { windowOf } from "./masks.js";
import { matrix } from "./matrix.js";
import { popover } from "./popover.js";
import { rove, stop } from "./roving.js";
import { BARS, rowsOf } from "./rows.js";
import { sheetOf } from "./sheet.js";
import { slider } from "./slider.js";
import { picksOf } from "./state.js";
import { table } from "./table.js";
import { tableView } from "./tableview.js";
import { measuresOf } from "./view.js";

/** @import { Actions, Charts, Data, Drawing, Extent, Modifiers, Page, Row, Visual } from "./types.d.ts" */

/**
 * The width in columns on a screen of half the width: two cards side by side, or the three of a row.
 * @type {(place: Visual["place"]) => number}
 */
const small = ({ width }) => (width === 3 || width > 4 ? 6 : 4);
/** @type {Partial<Record<Visual["kind"], (place: Visual["place"]) => number>>} */
const TABLET = {
  card: small,
  kpi: small,
  parameter: small,
  heat_map: () => 12,
  funnel: () => 12,
  treemap: () => 12,
  matrix: () => 12,
};
/** @type {Partial<Record<Visual["kind"], (frame: Frame) => Drawing>>} */
const HTML_KINDS = { card, kpi: card, heat_map: heatMap, table, funnel, matrix, parameter: slider };

export class Frame {
  subtitle = element("p", { class: "subtitle" });
  notes = element("div", { class: "notes" });
  about = element("div", { class: "about" });
  empty = element("p", { class: "empty", hidden: true }, "No customers match");
  tableSlot = element("div", { class: "table-view", tabindex: "0", role: "group", hidden: true });
  /** @type {Row[]} */
  rows = [];
  /** @type {Set<string>} */
  picks = new Set();
  parameters = new URLSearchParams();
  /** @type {Data | null} */
  data = null;
  /** @type {Extent | null} */
  extent = null;
  /** @type {string | null} */
  drawn = null;
  tablet = 12;
  stale = false;
  cramped = false;

  /**
   * @param {Visual} visual
   * @param {Page} page
   * @param {Actions} actions
   * @param {Charts} charts
   */
  constructor(visual, page, actions, charts) {
    this.visual = visual;
    this.page = page;
    this.actions = actions;
    /** @type {Drawing} */
    this.drawing = undrawn(visual) ?? (HTML_KINDS[visual.kind] ?? charts.chart)(this);
    this.content = element("div", { class: "visual-content" }, this.drawing.body, this.empty);
    this.tableSlot.setAttribute("aria-label", `${visual.title}, as a table`);
    const turn = () => this.showTable(Boolean(this.tableSlot.hidden));
    this.toggle = tool("table", `${visual.title}: show as a table`, turn);
    this.people = tool("people", `${visual.title}: see the customers`, () => askWhole(this, this.people));
    this.people.setAttribute("aria-haspopup", "menu");
    this.body = this.section();
    listen(this);
  }

  get report() {
    return this.page.report;
  }

  get isChart() {
    return !(this.visual.kind in HTML_KINDS || this.hasNothing);
  }

  /** Whether the data, or a table of the results, is missing. */
  get hasNothing() {
    return this.visual.missing.length > 0 || Boolean(this.visual.unavailable);
  }

  get hasGhosts() {
    return BARS.has(this.visual.kind);
  }

  /**
   * Picks a mark; with Ctrl, adds it. With two dimensions there is only one mark, because two cells are not a range.
   * @type {(mark: string, keys: Modifiers) => void}
   */
  pick(mark, { ctrlKey, metaKey, shiftKey }) {
    const { name, by } = this.visual;
    this.actions.pick(name, mark, { adding: ctrlKey || metaKey || shiftKey, alone: by.length > 1 });
  }

  section() {
    const { name, kind, title, place } = this.visual;
    const head = element("div", { class: "visual-head" }, element("h2", { title }, title), this.subtitle, this.notes);
    const section = element(
      "section",
      { class: "visual", "data-visual": name, "data-kind": kind, "data-height": place.height },
      head,
      this.toolbar(),
      this.content,
      this.tableSlot,
    );
    section.style.setProperty("--column", `${place.column + 1} / span ${place.width}`);
    section.style.setProperty("--row", `${place.row + 1} / span ${place.height}`);
    section.style.setProperty("--height", String(place.height));
    this.widen(TABLET[kind]?.(place) ?? (place.width > 6 ? 12 : 6), section);
    return section;
  }

  /**
   * Sets the width in columns on a screen of half the width.
   * @type {(columns: number, section?: HTMLElement) => void}
   */
  widen(columns, section = this.body) {
    this.tablet = columns;
    section.style.setProperty("--tablet", String(columns));
  }

  toolbar() {
    const { title } = this.visual;
    const about = tool("info", `About ${title}`);
    const explained = [about, popover(about, `About ${title}`, this.about)];
    const bar = element("div", { class: "toolbar", role: "toolbar", "aria-label": `${title}: tools` });
    rove(bar, { among: ".tool:not([hidden])" });
    if (this.hasNothing) {
      bar.append(...explained);
      return bar;
    }
    this.toggle.setAttribute("aria-pressed", "false");
    const tools = [
      about,
      this.toggle,
      tool("csv", `${title}: download as CSV`, () => download(this)),
      tool("png", `${title}: download as image`, () => picture(this)),
      this.people,
    ];
    stop(tools);
    bar.append(...tools, explained[1]);
    return bar;
  }

  /** Updates the descriptions of the measures after a change of the report. */
  renew() {
    this.drawn = null;
    const text = monthsOf(this) ?? this.visual.definition;
    setText(this.subtitle, text);
    this.subtitle.title = text;
    this.people.hidden = !hasWhole(this);
    this.body.classList.toggle("askable", isAskable(this));
  }

  /**
   * *whole* is the data without clicks on marks, if known; *extent* is the range its axis must include.
   * @type {(data: Data, parameters: URLSearchParams, whole?: Data | null, extent?: Extent) => void}
   */
  update(data, parameters, whole, extent) {
    const picks = picksOf(parameters, this.visual.name);
    const context = contextOf(this, parameters);
    this.parameters = parameters;
    const state = JSON.stringify([data, [...picks], context, whole, extent]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.data = data;
    this.picks = picks;
    this.extent = extent ?? null;
    this.stale = true;
    if (this.hasNothing) return;
    this.people.hidden = !hasWhole(this);
    this.note(context.notes);
    this.rows = rowsOf(this.visual, data, this.report, context.months, whole);
    this.drawing.update(this);
    if (!this.tableSlot.hidden) this.fillTable();
    this.body.classList.toggle("picked", picks.size > 0);
    this.empty.toggleAttribute("hidden", !isEmpty(this));
  }

  /** Shows notes about the filters, which take space from the drawing. @type {(notes: string[]) => void} */
  note(notes) {
    if (notes.length === this.notes.childElementCount) {
      notes.forEach((text, at) => setText(this.notes.children[at], text));
      return;
    }
    this.notes.replaceChildren(...notes.map((text) => element("p", { class: "note" }, text)));
    this.cramped = true;
  }

  /** Work that can wait until the charts are on the screen. */
  afterPaint() {
    if (!this.stale) return;
    this.stale = false;
    if (this.cramped) this.resize();
    this.cramped = false;
    this.drawing.afterPaint?.(this);
    this.describe();
  }

  /** @type {(on: boolean) => void} */
  showTable(on) {
    this.tableSlot.hidden = !on;
    this.content.hidden = on;
    setAttribute(this.toggle, "aria-pressed", on);
    this.toggle.replaceChildren(icon(on ? "chart" : "table"));
    if (on) this.fillTable();
    else this.resize();
  }

  fillTable() {
    this.tableSlot.replaceChildren(tableView(sheetOf(this), this.visual.title));
  }

  describe() {
    const { report, visual } = this;
    const terms = measuresOf(visual).flatMap((name) => {
      const { label, description, unit } = report.measures[name];
      return [element("dt", {}, label), element("dd", {}, `${description} Unit: ${unit === "share" ? "%" : unit}.`)];
    });
    this.about.replaceChildren(
      element("h3", {}, visual.title),
      element("p", {}, `${visual.definition}. As of ${format.date(report.refresh.as_of)}.`),
      element("dl", {}, ...terms),
      ...leftOut(this),
    );
  }

  measure() {
    this.drawing.measure?.();
  }

  resize() {
    this.measure();
    this.drawing.resize?.(this);
  }

  recolour() {
    if (this.data) this.drawing.recolour?.(this);
  }

  leave() {
    this.drawing.leave?.();
  }
}

/** The months that a number of the last months covers. @type {(frame: Frame) => string | null} */
function monthsOf({ visual, report }) {
  const { expression } = report.measures[visual.measure];
  if (expression.case !== "LastMonths") return null;
  return `Joined ${format.months(windowOf(expression, report.refresh.as_of))}`;
}

/** The text that replaces the drawing if its data is missing. @type {(visual: Visual) => Drawing | null} */
function undrawn({ missing, unavailable }) {
  if (!missing.length && !unavailable) return null;
  const columns = missing.flatMap((name, at) => [at ? ", " : "", element("code", {}, name)]);
  const said = missing.length ? [element("strong", {}, "Not in your data"), ...columns] : [unavailable ?? ""];
  return { body: element("p", { class: "not-in-data" }, ...said), update() {} };
}

/** @type {(name: import("./dom.js").IconName, label: string, click?: () => void) => HTMLButtonElement} */
function tool(name, label, click) {
  const button = element("button", { type: "button", class: "tool", "aria-label": label, title: label, click });
  button.append(icon(name));
  return button;
}

/** @type {(frame: Frame) => boolean} */
function isEmpty({ visual, rows, data, report }) {
  if (data?.columns) return !data.columns[visual.measure].length;
  const isCount = report.measures[visual.measure].format === "count";
  /** @type {(row: Row) => boolean} */
  const isThere = ({ value, signs }) => Boolean(signs[visual.measure]) || (value !== null && !(isCount && value === 0));
  return visual.by.length > 0 && !rows.some(isThere);
}

/** The number of customers that the measure excludes. @type {(frame: Frame) => HTMLElement[]} */
function leftOut({ report, visual, data, rows }) {
  const name = report.measures[visual.measure].left_out;
  if (!name || !data?.values || data.below?.[name] || data.withheld?.[name]) return [];
  const counts = data.keys ? rows.map((row) => row.values[name] ?? 0) : [data.values[name] ?? 0];
  const count = counts.reduce((sum, value) => sum + value, 0);
  return [element("p", { class: "left-out" }, `Excluded: ${format.whole(count)} (${report.measures[name].label}).`)];
}
