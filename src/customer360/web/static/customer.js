/** The page of one customer: identity, facts, months and events. */

import * as api from "./api.js";
import { chartsOf } from "./customercharts.js";
import { element } from "./dom.js";
import * as format from "./format.js";
import { Page } from "./page.js";
import { nameOf } from "./people.js";

/** @import { Actions, Charts, Customer, CustomerEvent, Report } from "./types.d.ts" */

const NOTHING = new URLSearchParams();
const WHO = new Set(["customer_id", "source_id", "name", "email"]);

export class CustomerPage {
  /** @type {1} */
  count = 1;
  title = "Customer";
  isWaiting = true;
  isFresh = false;
  isDrawn = true;
  scrolled = 0;
  /** @type {Customer | null} */
  customer = null;
  /** @type {Page | null} */
  page = null;
  body = element("section", { class: "people customer", "aria-labelledby": "title" });

  /**
   * @param {string} name
   * @param {string} id
   * @param {Charts} charts
   * @param {Actions} actions
   */
  constructor(name, id, charts, actions) {
    this.name = name;
    this.id = id;
    this.charts = charts;
    this.actions = actions;
  }

  get windowTitle() {
    return `Customer ${this.id}`;
  }

  /** @type {(signal: AbortSignal) => Promise<null>} */
  async ask(signal) {
    this.customer = await api.fetchCustomer(this.id, signal);
    return null;
  }

  /** @type {(report: Report) => void} */
  draw(report) {
    const { customer } = this;
    if (!customer) return;
    this.title = nameOf(customer);
    this.page?.close();
    const drawn = chartsOf(customer.months, report);
    this.page = drawn && new Page(drawn.definition, drawn.report, this.actions, this.charts);
    const charts = this.page ? [this.page.body] : [];
    this.body.replaceChildren(facts(customer), ...moves(customer), ...charts, ...events(customer));
    if (!this.page || !drawn) return;
    this.page.take(drawn.data, NOTHING, () => null);
    this.isDrawn = false;
  }

  opened() {
    scrollTo(0, this.scrolled);
  }

  /** Draws the charts, which have a size only in the document. */
  settle() {
    if (this.isDrawn) return;
    this.isDrawn = true;
    this.page?.resize();
    this.page?.draw(null);
  }

  afterPaint() {
    this.page?.afterPaint();
  }

  /** @type {(on: boolean) => void} */
  wait(on) {
    this.isWaiting = on;
    this.body.classList.toggle("waiting", on);
  }

  close() {
    this.scrolled = scrollY;
    this.page?.close();
  }

  resize() {
    this.page?.resize();
  }

  recolour() {
    this.page?.recolour();
  }

  /** @type {(on: boolean) => void} */
  print(on) {
    this.page?.print(on);
  }
}

/** Identity first, then the other facts and the rank. @type {(customer: Customer) => HTMLElement} */
function facts({ facts: all, rank }) {
  const others = all.filter(({ name }) => !WHO.has(name) && !name.endsWith("_member")); // the original value is shown
  const told = [...all.filter(({ name }) => WHO.has(name)), ...others].map(({ label, value, format: as }) => fact(label, format.field(value, as)));
  const place = rank ? [fact("Rank", rankOf(rank))] : [];
  return panel("About this customer", element("dl", { class: "facts" }, ...told, ...place));
}

/** @type {(label: string, text: string) => HTMLElement} */
const fact = (label, text) =>
  element("div", { class: "fact" }, element("dt", {}, label), element("dd", {}, ...breakable(text)));

/** An address breaks after its "@" before it breaks within a word. @type {(text: string) => (Node | string)[]} */
const breakable = (text) =>
  text.split(/(?<=@)/).flatMap((part, at) => (at ? [element("wbr", {}), part] : [part]));

/** "12 of 480 in Gold, by Spent". @type {(rank: NonNullable<Customer["rank"]>) => string} */
const rankOf = ({ place, of, among, by }) => `${format.whole(place)} of ${format.whole(of)} in ${among}, by ${by}`;

/** @type {(customer: Customer) => HTMLElement[]} */
function moves({ moves: all }) {
  if (!all.length) return [];
  const steps = all.map(({ month, from, to }) => {
    const way = [from, to ?? "none"].filter((one) => one !== null).join(" → "); // the first has no earlier tier
    return element("li", {}, element("span", { class: "when" }, format.month(month)), ` ${way}`);
  });
  return [panel("Moves between tiers", element("ol", { class: "moves" }, ...steps))];
}

/** The events, newest first. @type {(customer: Customer) => HTMLElement[]} */
function events({ events: all, more_events: more }) {
  if (!all.length) return [];
  const heads = ["When (UTC)", "Event", "Amount", "Points", "Loyalty Status"];
  const cells = heads.map((label, at) => element("th", { scope: "col", class: amount(at) }, label));
  const head = element("tr", {}, ...cells);
  const lines = element("tbody", {}, ...all.map(eventLine));
  const table = element("table", { "aria-label": "Events" }, element("thead", {}, head), lines);
  const named = { role: "group", "aria-label": "Events, newest first", tabindex: "0" };
  const note = more ? [element("p", { class: "shown" }, `${format.whole(more)} earlier events are not shown`)] : [];
  return [panel("Events", element("div", { class: "scroll events", ...named }, table), ...note)];
}

/** @type {(at: number) => string | null} */
const amount = (at) => (at === 2 || at === 3 ? "amount" : null);

/** "tier_change" as "Tier change". @type {(kind: string) => string} */
const written = (kind) => `${kind[0].toUpperCase()}${kind.slice(1).replaceAll("_", " ")}`;

/** @type {(event: CustomerEvent) => HTMLElement} */
function eventLine({ occurred_at: when, kind, amount: paid, points, loyalty_status: status }) {
  const texts = [written(kind), format.field(paid, "amount"), format.field(points, "count"), format.field(status, "text")];
  const cells = texts.map((text, at) => element("td", { class: amount(at + 1) }, text));
  return element("tr", {}, element("th", { scope: "row" }, format.universal(when)), ...cells);
}

/** @type {(title: string, ...content: HTMLElement[]) => HTMLElement} */
const panel = (title, ...content) =>
  element("section", { class: "panel", "aria-label": title }, element("h2", {}, title), ...content);
