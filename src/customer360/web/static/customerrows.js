/** A table of customers: one row each; the first cell links to the customer. */

import { element } from "./dom.js";
import * as format from "./format.js";
import { customerAddress, nextSort, orderIn } from "./people.js";
import { statusColour } from "./theme.js";

/** @import { Cell, CustomerColumn, Customers, Report } from "./types.d.ts" */

const STATUS = new Set(["status_member", "loyalty_status"]);

/** @typedef {{ report: Report, parameters: URLSearchParams }} Around */

/**
 * The header cells of a list; without *sort*, they cannot be sorted by.
 * @type {(columns: CustomerColumn[], sort: string | null, sorted: (sort: string) => void) => HTMLElement}
 */
export function headOf(columns, sort, sorted) {
  const heads = columns.map((column) => {
    const amount = isAmount(column) ? "amount" : null;
    if (sort === null || !column.sortable) return element("th", { scope: "col", class: amount }, plain(column));
    const { by, down } = orderIn(sort);
    const isBy = by === column.name;
    const arrow = element("span", { class: "arrow", "aria-hidden": "true" }, isBy ? (down ? "↓" : "↑") : "");
    const click = () => sorted(nextSort(sort, column));
    const button = element("button", { type: "button", class: "sort", "data-keep": `sort ${column.name}`, click });
    button.append(element("span", {}, column.label), arrow);
    const order = isBy ? (down ? "descending" : "ascending") : null;
    return element("th", { scope: "col", class: amount, "aria-sort": order }, button);
  });
  return element("thead", {}, element("tr", {}, ...heads));
}

/** @type {(column: CustomerColumn) => HTMLElement} */
const plain = ({ label }) => element("span", { class: "unsorted" }, label);

/** @type {(customers: Customers, around: Around) => HTMLElement[]} */
export const linesOf = ({ columns, rows }, around) => rows.map((row) => lineOf(columns, row, around));

/**
 * The row of a customer; its first cell is the customer_id, as text.
 * @type {(columns: CustomerColumn[], row: Cell[], around: Around) => HTMLElement}
 */
function lineOf(columns, row, around) {
  const id = String(row[0]);
  const address = customerAddress(id, around.parameters);
  const made = columns.map((column, at) => {
    const text = format.field(row[at], column.format);
    const amount = isAmount(column) ? "amount" : null;
    if (at) return element("td", { class: amount }, told(column, row[at], text, around));
    const link = element("a", { href: address, "data-place": true, "data-keep": `customer ${id}` }, text);
    return element("th", { scope: "row" }, link);
  });
  return element("tr", { "data-customer": id }, ...made);
}

/** @type {(column: CustomerColumn, value: Cell, text: string, around: Around) => Node | string} */
function told({ name }, value, text, { report }) {
  if (!STATUS.has(name) || value === null) return text;
  const dot = element("i", {});
  return element("span", { class: `text-cell status ${statusColour(value, report)}` }, dot, element("span", {}, text));
}

/** @type {(column: CustomerColumn) => boolean} */
const isAmount = ({ format: written }) => written !== "text" && written !== "date";
