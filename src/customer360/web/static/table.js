/** Tables of customers: columns to sort by, and a bar behind the value. */

import { element, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { statusColour } from "./theme.js";

export function table(frame) {
  const head = element("tr", {});
  const lines = element("tbody", {});
  const sheet = element("table", { "aria-label": frame.visual.title }, element("thead", {}, head), lines);
  const order = { by: frame.visual.measure, down: true };
  const columns = [...frame.visual.columns.map(({ name }) => name), frame.visual.measure];
  const draw = (view) => {
    fillHead(head, columns, order);
    fillLines(lines, columns, order, view);
    setText(head.lastChild.querySelector("span"), view.report.measures[view.visual.measure].label);
  };
  head.append(...columns.map((name) => headOf(name, frame, order, draw)));
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": frame.visual.title });
  scroll.append(sheet);
  return { body: scroll, update: draw, recolour: draw };
}

function headOf(name, frame, order, draw) {
  const sort = () => {
    order.down = order.by === name ? !order.down : name === frame.visual.measure;
    order.by = name;
    draw(frame);
  };
  const label = frame.visual.columns.find((column) => column.name === name)?.label;
  const button = element("button", { type: "button", class: "sort", click: sort });
  button.append(element("span", {}, label ?? ""), element("span", { class: "arrow" }));
  return element("th", { scope: "col", class: name === frame.visual.measure ? "amount" : null }, button);
}

function fillHead(head, columns, order) {
  columns.forEach((name, at) => {
    const sorted = order.by === name ? (order.down ? "descending" : "ascending") : null;
    setAttribute(head.children[at], "aria-sort", sorted);
    setText(head.children[at].querySelector(".arrow"), sorted ? (order.down ? "↓" : "↑") : "");
  });
}

function fillLines(lines, columns, order, { data, report, visual }) {
  const values = data.columns[visual.measure];
  const most = Math.max(0, ...values);
  const rows = values.map((_, at) => at);
  const sorted = rows.sort((one, other) => compare(data.columns[order.by], one, other, order.down));
  while (lines.children.length > sorted.length) lines.lastChild.remove();
  while (lines.children.length < sorted.length) lines.append(lineOf(columns, visual));
  sorted.forEach((row, at) => {
    columns.forEach((name, column) => {
      const slot = lines.children[at].children[column].firstChild;
      const value = data.columns[name][row];
      if (name === visual.measure) fillAmount(slot, value, most, report.measures[name].format);
      else fillText(slot, name, value, report);
    });
  });
}

function lineOf(columns, visual) {
  const cells = columns.map((name, at) => {
    const kind = name === visual.measure ? "bar-cell" : "text-cell";
    const slot = element("span", { class: kind }, element("i"), element("span"));
    return at ? element("td", {}, slot) : element("th", { scope: "row" }, slot);
  });
  return element("tr", {}, ...cells);
}

function fillAmount(slot, value, most, written) {
  setText(slot.lastChild, format.full(value, written));
  slot.style.setProperty("--share", most ? (Math.max(0, value) / most).toFixed(3) : "0");
}

function fillText(slot, name, value, report) {
  const isStatus = report.dimensions[name]?.type === "status";
  slot.className = isStatus ? `text-cell status ${statusColour(value, report)}` : "text-cell";
  slot.firstChild.hidden = !isStatus;
  setText(slot.lastChild, value === null ? "—" : String(value));
}

function compare(values, one, other, down) {
  const [a, b] = [values[one], values[other]];
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
  return down ? -order : order;
}
