/** A visual as a table; the cells contain the raw values. */

import { element } from "./dom.js";

/** @import { Sheet, SheetCell } from "./types.d.ts" */

/** @type {(sheet: Sheet, title: string) => HTMLElement} */
export function tableView(sheet, title) {
  const heads = sheet.columns.map(headOf);
  const cell = cellOf(sheet);
  const lines = sheet.rows.map(({ mark, cells }) => element("tr", { "data-mark": mark }, ...cells.map(cell)));
  return element(
    "table",
    {},
    element("caption", { class: "visually-hidden" }, title),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...lines),
  );
}

/** @type {(column: Sheet["columns"][0]) => HTMLElement} */
const headOf = ({ label, format }) => element("th", { scope: "col", class: format && "amount" }, label);

/** @type {(sheet: Sheet) => (cell: SheetCell, at: number) => HTMLElement} */
const cellOf =
  ({ columns }) =>
  (cell, at) => {
    const { name, format } = columns[at];
    const attributes = { "data-value": cell.value ?? "", "data-column": name, class: format && "amount" };
    return at ? element("td", attributes, cell.text) : element("th", { ...attributes, scope: "row" }, cell.text);
  };
