/** The header of every page: the pages, the as-of date, theme and print. */

import { byId, element, icon, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { carried, isPeople, LIST, listAddress } from "./people.js";
import { addressOf } from "./state.js";
import { nextTheme, theme } from "./theme.js";

/** @import { Report, Theme } from "./types.d.ts" */

const pages = byId("pages");

/** @type {(report: Report) => string} */
export const freshness = ({ refresh }) => `Data as of ${format.date(refresh.as_of)} · refresh ${refresh.id}`;

/** @type {(report: Report) => void} */
export function show(report) {
  setText(byId("freshness"), freshness(report));
  const named = report.pages.map(({ name, title }) => [name, title]);
  const all = report.people ? [...named, [LIST, "Customers"]] : named;
  if (pages.childElementCount === all.length) return;
  const links = all.map(([name, title]) => element("a", { "data-page": name }, title));
  pages.replaceChildren(...links);
  const print = element("button", { type: "button", class: "button", click: () => globalThis.print() });
  print.append(icon("print"), element("span", {}, "Print / PDF"));
  byId("actions").replaceChildren(themeButton(), print);
}

/**
 * Links include the filters, so that they can be copied or opened in a new tab.
 * @type {(current: string, parameters: URLSearchParams) => void}
 */
export function markCurrent(current, parameters) {
  const kept = carried(parameters);
  const page = isPeople(current) ? (parameters.get("page") ?? undefined) : current;
  for (const link of pages.children) {
    const name = link.getAttribute("data-page") ?? "";
    const isCurrent = name === (isPeople(current) ? LIST : current);
    setAttribute(link, "href", name === LIST ? listAddress({ page }, kept) : addressOf(name, kept));
    setAttribute(link, "aria-current", isCurrent ? "page" : null);
  }
}

/** @type {() => HTMLElement} */
function themeButton() {
  const button = element("button", {
    type: "button",
    class: "button",
    title: "Switch between light, dark and the system's theme",
    click: () => label(nextTheme()),
  });
  /** @type {(name: Theme) => void} */
  const label = (name) => button.replaceChildren(icon(name), element("span", {}, `Theme: ${name}`));
  label(theme());
  return button;
}
