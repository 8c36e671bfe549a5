/** Tables of customers: sortable columns, and a bar behind the value. */

import { element, keepChildren, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { statusColour } from "./theme.js";

/** @import { Cell, Drawing, Format, Frame, FrameOf, Report, TableData, Visual } from "./types.d.ts" */

/**
 * @typedef {{ by: string, down: boolean }} Order
 * @typedef {{ body: HTMLElement, label: HTMLElement, arrow: HTMLElement, name: string }} Head
 */

/** @type {(frame: Frame) => Drawing} */
export function table(frame) {
  const { visual } = frame;
  const order = { by: visual.measure, down: true };
  const sort = (/** @type {string} */ name) => {
    order.down = order.by === name ? !order.down : name === visual.measure;
    order.by = name;
    draw(/** @type {FrameOf<TableData>} */ (frame));
  };
  const columns = [...visual.columns.map(({ name }) => name), visual.measure];
  const heads = columns.map((name) => headOf(name, visual, sort));
  const lines = element("tbody", {});
  /** @type {(frame: FrameOf<TableData>) => void} */
  const draw = (view) => {
    heads.forEach((head) => fillHead(head, order));
    fillLines(lines, columns, order, view);
    setText(heads[heads.length - 1].label, view.report.measures[visual.measure].label);
  };
  const head = element("thead", {}, element("tr", {}, ...heads.map(({ body }) => body)));
  const sheet = element("table", { "aria-label": visual.title }, head, lines);
  const named = { role: "group", "aria-label": visual.title };
  return { body: element("div", { class: "scroll", tabindex: "0", ...named }, sheet), update: draw, recolour: draw };
}

/** @type {(name: string, visual: Visual, sort: (name: string) => void) => Head} */
function headOf(name, { columns, measure }, sort) {
  const label = element("span", {}, columns.find((column) => column.name === name)?.label ?? "");
  const arrow = element("span", { class: "arrow" });
  const button = element("button", { type: "button", class: "sort", click: () => sort(name) }, label, arrow);
  const body = element("th", { scope: "col", class: name === measure ? "amount" : null }, button);
  return { body, label, arrow, name };
}

/** @type {(head: Head, order: Order) => void} */
function fillHead({ body, arrow, name }, { by, down }) {
  const isSorted = by === name;
  setAttribute(body, "aria-sort", isSorted ? (down ? "descending" : "ascending") : null);
  setText(arrow, isSorted ? (down ? "↓" : "↑") : "");
}

/** @type {(lines: Element, columns: string[], order: Order, frame: FrameOf<TableData>) => void} */
function fillLines(lines, columns, order, { data, report, visual, extent }) {
  const values = data.columns[visual.measure];
  const most = Math.max(extent?.[1] ?? 0, ...values.map(Number));
  const places = values.map((_, at) => at);
  const sorted = places.sort((one, other) => compare(data.columns[order.by], one, other, order.down));
  keepChildren(lines, sorted.length, () => lineOf(columns, visual)).forEach((line, at) => {
    columns.forEach((name, column) => {
      const slot = /** @type {HTMLElement} */ (line.children[column].firstElementChild);
      const value = data.columns[name][sorted[at]];
      if (name === visual.measure) fillAmount(slot, value, most, report.measures[name].format);
      else fillText(slot, name, value, report);
    });
  });
}

/** @type {(columns: string[], visual: Visual) => HTMLElement} */
function lineOf(columns, visual) {
  const cells = columns.map((name, at) => {
    const kind = name === visual.measure ? "bar-cell" : "text-cell";
    const slot = element("span", { class: kind }, element("i"), element("span"));
    return at ? element("td", {}, slot) : element("th", { scope: "row" }, slot);
  });
  return element("tr", {}, ...cells);
}

/** @type {(slot: HTMLElement) => [sign: HTMLElement, text: HTMLElement]} */
const partsOf = (slot) => /** @type {[HTMLElement, HTMLElement]} */ ([...slot.children]);

/** @type {(slot: HTMLElement, value: Cell, most: number, written: Format) => void} */
function fillAmount(slot, value, most, written) {
  setText(partsOf(slot)[1], format.full(value, written));
  slot.style.setProperty("--share", most ? (Math.max(0, Number(value)) / most).toFixed(3) : "0");
}

/** @type {(slot: HTMLElement, name: string, value: Cell, report: Report) => void} */
function fillText(slot, name, value, report) {
  const [sign, text] = partsOf(slot);
  const isStatus = report.dimensions[name]?.type === "status";
  slot.className = isStatus ? `text-cell status ${statusColour(value, report)}` : "text-cell";
  sign.hidden = !isStatus;
  setText(text, value === null ? "—" : String(value));
}

/**
 * Sorts nulls last in both directions.
 * @type {(values: Cell[], one: number, other: number, down: boolean) => number}
 */
function compare(values, one, other, down) {
  const [a, b] = [values[one], values[other]];
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = typeof a === "string" ? a.localeCompare(String(b), undefined, { numeric: true }) : a - Number(b);
  return down ? -order : order;
}
