/** The slicers: chips for few members, a searchable list for many, two ends for a range of months. */

import { element, icon, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { monthsBetween } from "./rows.js";
import { members, picks, range } from "./state.js";
import { statusColour } from "./theme.js";
import { popover } from "./popover.js";

const MOST_CHIPS = 7;
const form = document.getElementById("slicers");

export class Slicers {
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
    this.toggle.append(icon("filter"), this.count, icon("down"));
    this.list = element("div", { id: "slicer-list", class: "slicer-list" });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.replaceChildren(this.toggle, this.list);
  }

  renew(report) {
    this.report = report;
    const built = JSON.stringify([report.slicers, report.statuses]);
    if (built === this.built) return;
    this.built = built;
    const known = report.slicers.filter((slicer) => slicer.members || slicer.first || slicer.missing);
    this.slicers = known.map((slicer) => this.slicer(slicer));
    this.clear = element("button", { type: "button", class: "button quiet", click: this.actions.clear }, "Clear all");
    this.list.replaceChildren(...this.slicers.map((slicer) => slicer.body), this.clear);
  }

  show(parameters) {
    this.slicers.forEach((slicer) => slicer.show(parameters));
    const count = this.report.slicers.filter(({ dimension }) => parameters.has(dimension)).length;
    const isAny = count || picks(parameters).length || parameters.has(this.report.parameter.name);
    setAttribute(this.clear, "aria-disabled", !isAny);
    setText(this.count, count ? `Filters (${count})` : "Filters");
  }

  expand() {
    const open = form.classList.toggle("expanded");
    this.toggle.setAttribute("aria-expanded", open);
  }

  slicer(slicer) {
    if (slicer.missing) return notInData(slicer);
    if (!slicer.members) return months(slicer, this.actions);
    if (slicer.members.length > MOST_CHIPS) return list(slicer, this.actions);
    return chips(slicer, this.report, this.actions);
  }
}

function group(slicer, ...content) {
  const id = `slicer-${slicer.dimension}`;
  const label = element("span", { id, class: "slicer-label" }, slicer.label);
  return element("div", { class: "slicer", role: "group", "aria-labelledby": id }, label, ...content);
}

/** What the data does not hold cannot be chosen. */
function notInData(slicer) {
  return { body: group(slicer, element("span", { class: "not-in-data" }, "Not in your data")), show() {} };
}

function box(slicer, key, actions) {
  const change = (event) => actions.member(slicer.dimension, String(key), event.target.checked);
  return element("input", { type: "checkbox", name: slicer.dimension, value: key, change });
}

function chips(slicer, report, actions) {
  const isStatus = report.dimensions[slicer.dimension]?.type === "status";
  const boxes = slicer.members.map(({ key }) => box(slicer, key, actions));
  const swatch = (key) => isStatus && element("i", { class: `swatch ${statusColour(key, report)}` });
  const labels = slicer.members.map(({ key, label }, at) =>
    element("label", { class: "chip" }, boxes[at], swatch(key) || null, element("span", { title: label }, label)),
  );
  return { body: group(slicer, element("div", { class: "chips" }, ...labels)), show: check(slicer, boxes) };
}

const check = (slicer, boxes) => (parameters) => {
  const chosen = new Set(members(parameters, slicer.dimension));
  for (const input of boxes) input.checked = chosen.has(input.value);
};

function list(slicer, actions) {
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
    show(parameters) {
      checked(parameters);
      setText(text, `${slicer.label}: ${summary(slicer, members(parameters, slicer.dimension))}`);
    },
  };
}

function summary(slicer, chosen) {
  if (!chosen.length) return "All";
  if (chosen.length > 1) return `${chosen.length} of ${slicer.members.length}`;
  return slicer.members.find(({ key }) => String(key) === chosen[0])?.label ?? chosen[0];
}

function months(slicer, actions) {
  const all = monthsBetween(slicer.first, slicer.last);
  const [from, to] = ["from", "to"].map((end) => monthSelect(end, slicer, all));
  let shown;
  const change = () => actions.range(slicer.dimension, { from: from.value, to: to.value });
  from.addEventListener("change", change);
  to.addEventListener("change", change);
  return {
    body: group(slicer, element("div", { class: "range" }, from, element("span", {}, "to"), to)),
    show(parameters) {
      const written = parameters.get(slicer.dimension);
      if (written === shown) return;
      shown = written;
      const ends = range(parameters, slicer.dimension);
      limit(from, ends.from, (month) => ends.to && month > ends.to);
      limit(to, ends.to, (month) => ends.from && month < ends.from);
    },
  };
}

/** Years as groups; the empty value is the open end. */
function monthSelect(end, slicer, all) {
  const open = end === "from" ? slicer.first : slicer.last;
  const select = element("select", { class: "select", "aria-label": `${slicer.label} ${end}` });
  select.append(element("option", { value: "" }, format.month(open)));
  for (const [year, months] of Map.groupBy(all, format.year)) {
    const options = months.map((month) => element("option", { value: month.slice(0, 7) }, format.month(month)));
    select.append(element("optgroup", { label: year }, ...options));
  }
  return select;
}

function limit(select, value, outside) {
  select.value = value;
  for (const option of select.options) option.disabled = Boolean(option.value && outside(option.value));
}
