/** The slicers: chips for few members, a searchable list for many, and a start and end for months. */

import { COMPARE, comparable, comparisonIn } from "./compare.js";
import { comparer } from "./comparer.js";
import { byId, element, icon, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { monthsBetween } from "./rows.js";
import { membersOf, picksIn, rangeOf } from "./state.js";
import { statusColour } from "./theme.js";
import { popover } from "./popover.js";

/** @import { Actions, Key, MemberSlicer, MonthSlicer, Report, Slicer } from "./types.d.ts" */

const MOST_CHIPS = 7;
const form = byId("slicers");

/** @typedef {{ body: HTMLElement, show(parameters: URLSearchParams): void }} SlicerView */

export class Slicers {
  /** @type {SlicerView[]} */
  slicers = [];
  /** @type {import("./comparer.js").Comparer | null} */
  comparer = null;
  built = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.toggle = element("button", {
      type: "button",
      class: "button filters-toggle",
      "aria-expanded": "false",
      "aria-controls": "slicer-list",
      click: () => this.expand(),
    });
    this.count = element("span", {}, "Filters");
    this.clear = element("button", { type: "button", class: "button quiet", click: actions.clear }, "Clear all");
    this.toggle.append(icon("filter"), this.count, icon("down"));
    this.list = element("div", { id: "slicer-list", class: "slicer-list" });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.replaceChildren(this.toggle, this.list);
  }

  /** @type {(report: Report) => void} */
  renew(report) {
    const definition = JSON.stringify([report.slicers, report.statuses]);
    if (definition === this.built) return;
    this.built = definition;
    const known = report.slicers.filter((slicer) => slicer.members || slicer.first || slicer.missing);
    this.slicers = known.map((slicer) => slicerFor(slicer, report, this.actions));
    this.comparer = comparable(report).length ? comparer(report, this.actions) : null;
    const bodies = this.slicers.map((slicer) => slicer.body);
    this.list.replaceChildren(...bodies, ...(this.comparer ? [this.comparer.body] : []), this.clear);
  }

  /** @type {(report: Report, parameters: URLSearchParams) => void} */
  show(report, parameters) {
    this.slicers.forEach((slicer) => slicer.show(parameters));
    this.comparer?.show(report, parameters);
    const count = report.slicers.filter(({ dimension }) => parameters.has(dimension)).length;
    const isSet = Object.keys(report.parameters).some((name) => parameters.has(name));
    const isAny = count || isSet || picksIn(parameters).length || parameters.has(COMPARE);
    setAttribute(this.clear, "aria-disabled", !isAny);
    setText(this.count, count ? `Filters (${count})` : "Filters");
  }

  expand() {
    const open = form.classList.toggle("expanded");
    setAttribute(this.toggle, "aria-expanded", open);
  }
}

/**
 * A slicer is disabled while two of its members are compared.
 * @type {(slicer: Slicer, report: Report, actions: Actions) => SlicerView}
 */
function slicerFor(slicer, report, actions) {
  const { body, show } = built(slicer, report, actions);
  return {
    body,
    /** @type {(parameters: URLSearchParams) => void} */
    show(parameters) {
      body.hidden = comparisonIn(parameters)?.dimension === slicer.dimension;
      show(parameters);
    },
  };
}

/** @type {(slicer: Slicer, report: Report, actions: Actions) => SlicerView} */
function built(slicer, report, actions) {
  if (slicer.missing) return notInData(slicer);
  if (!slicer.members) return monthsBox(slicer, actions);
  if (slicer.members.length > MOST_CHIPS) return searchList(slicer, actions);
  return chipList(slicer, report, actions);
}

/** @type {(slicer: Slicer, ...content: Element[]) => HTMLElement} */
function group(slicer, ...content) {
  const id = `slicer-${slicer.dimension}`;
  const label = element("span", { id, class: "slicer-label" }, slicer.label);
  return element("div", { class: "slicer", role: "group", "aria-labelledby": id }, label, ...content);
}

/** A slicer whose data is missing. @type {(slicer: Slicer) => SlicerView} */
function notInData(slicer) {
  return { body: group(slicer, element("span", { class: "not-in-data" }, "Not in your data")), show() {} };
}

/** @type {(slicer: Slicer, key: Key, actions: Actions) => HTMLInputElement} */
function box(slicer, key, actions) {
  const change = () => actions.member(slicer.dimension, String(key), input.checked);
  const input = element("input", { type: "checkbox", name: slicer.dimension, value: key, change });
  return input;
}

/** @type {(slicer: MemberSlicer, report: Report, actions: Actions) => SlicerView} */
function chipList(slicer, report, actions) {
  const isStatus = report.dimensions[slicer.dimension]?.type === "status";
  const boxes = slicer.members.map(({ key }) => box(slicer, key, actions));
  /** @type {(key: Key) => HTMLElement | false} */
  const swatch = (key) => isStatus && element("i", { class: `swatch ${statusColour(key, report)}` });
  const labels = slicer.members.map(({ key, label }, at) =>
    element("label", { class: "chip" }, boxes[at], swatch(key) || null, element("span", { title: label }, label)),
  );
  return { body: group(slicer, element("div", { class: "chips" }, ...labels)), show: check(slicer, boxes) };
}

/** @type {(slicer: Slicer, boxes: HTMLInputElement[]) => (parameters: URLSearchParams) => void} */
const check = (slicer, boxes) => (parameters) => {
  const chosen = new Set(membersOf(parameters, slicer.dimension));
  for (const input of boxes) input.checked = chosen.has(input.value);
};

/** @type {(slicer: MemberSlicer, actions: Actions) => SlicerView} */
function searchList(slicer, actions) {
  const boxes = slicer.members.map(({ key }) => box(slicer, key, actions));
  const options = slicer.members.map(({ label }, at) => element("label", { class: "option" }, boxes[at], label));
  const search = element("input", {
    type: "search",
    class: "search",
    placeholder: `Search ${slicer.label.toLowerCase()}`,
    "aria-label": `Search ${slicer.label.toLowerCase()}`,
    input: () => find(),
    keydown: (event) => event.key === "Enter" && pickOnly(event),
  });
  const none = element("p", { class: "no-match", role: "status" });
  const find = () => {
    const wanted = search.value.trim().toLowerCase();
    for (const option of options) option.hidden = !option.textContent.toLowerCase().includes(wanted);
    setText(none, options.some(({ hidden }) => !hidden) ? "" : "No match");
  };
  /** @type {(event: KeyboardEvent) => void} */
  const pickOnly = (event) => {
    event.preventDefault();
    const found = options.filter(({ hidden }) => !hidden);
    if (found.length === 1) found[0].click();
  };
  const choices = element("div", { class: "options", role: "group", "aria-label": slicer.label }, ...options);
  const text = element("span", {});
  const button = element("button", { type: "button", class: "button select" }, text, icon("down"));
  const panel = popover(button, `${slicer.label}: choose members`, search, none, choices);
  panel.addEventListener("beforetoggle", () => {
    search.value = "";
    find();
  });
  const checked = check(slicer, boxes);
  return {
    body: element("div", { class: "slicer" }, button, panel),
    /** @type {(parameters: URLSearchParams) => void} */
    show(parameters) {
      checked(parameters);
      setText(text, `${slicer.label}: ${summary(slicer, membersOf(parameters, slicer.dimension))}`);
    },
  };
}

/** @type {(slicer: MemberSlicer, chosen: string[]) => string} */
function summary(slicer, chosen) {
  if (!chosen.length) return "All";
  if (chosen.length > 1) return `${chosen.length} of ${slicer.members.length}`;
  return slicer.members.find(({ key }) => String(key) === chosen[0])?.label ?? chosen[0];
}

/** @type {(slicer: MonthSlicer, actions: Actions) => SlicerView} */
function monthsBox(slicer, actions) {
  const all = monthsBetween(slicer.first ?? undefined, slicer.last);
  const [from, to] = [monthSelect("from", slicer, all), monthSelect("to", slicer, all)];
  /** @type {string | null | undefined} */
  let shown;
  const change = () => actions.range(slicer.dimension, { from: from.value, to: to.value });
  from.addEventListener("change", change);
  to.addEventListener("change", change);
  return {
    body: group(slicer, element("div", { class: "range" }, from, element("span", {}, "to"), to)),
    /** @type {(parameters: URLSearchParams) => void} */
    show(parameters) {
      const written = parameters.get(slicer.dimension);
      if (written === shown) return;
      shown = written;
      const ends = rangeOf(parameters, slicer.dimension);
      limit(from, ends.from, (month) => Boolean(ends.to) && month > ends.to);
      limit(to, ends.to, (month) => Boolean(ends.from) && month < ends.from);
    },
  };
}

/**
 * The choice of a month, grouped by year; the empty value means an open end.
 * @type {(end: "from" | "to", slicer: MonthSlicer, all: string[]) => HTMLSelectElement}
 */
function monthSelect(end, slicer, all) {
  const open = (end === "from" ? slicer.first : slicer.last) ?? "";
  const select = element("select", { class: "select", "aria-label": `${slicer.label} ${end}` });
  select.append(element("option", { value: "" }, format.month(open)));
  for (const [year, months] of Map.groupBy(all, format.year)) {
    const options = months.map((month) => element("option", { value: month.slice(0, 7) }, format.month(month)));
    select.append(element("optgroup", { label: year }, ...options));
  }
  return select;
}

/** @type {(select: HTMLSelectElement, value: string, outside: (month: string) => boolean) => void} */
function limit(select, value, outside) {
  select.value = value;
  for (const option of select.options) option.disabled = Boolean(option.value && outside(option.value));
}
