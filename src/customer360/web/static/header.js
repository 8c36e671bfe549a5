/** The head of every page: the pages, how fresh the data is, theme and print. */

import { byId, element, icon, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { addressOf, withoutPicks } from "./state.js";
import { nextTheme, theme } from "./theme.js";

/** @import { Report, Theme } from "./types.d.ts" */

const pages = byId("pages");

/** @type {(report: Report) => string} */
export const freshness = ({ refresh }) => `Data as of ${format.date(refresh.as_of)} · refresh ${refresh.id}`;

/** @type {(report: Report) => void} */
export function show(report) {
  setText(byId("freshness"), freshness(report));
  if (pages.childElementCount === report.pages.length) return;
  const links = report.pages.map((page) => element("a", { "data-page": page.name }, page.title));
  pages.replaceChildren(...links);
  const print = element("button", { type: "button", class: "button", click: () => globalThis.print() });
  print.append(icon("print"), element("span", {}, "Print / PDF"));
  byId("actions").replaceChildren(themeButton(), print);
}

/**
 * Links carry the filters along, so that they can be copied or opened in a new tab.
 * @type {(current: string, parameters: URLSearchParams) => void}
 */
export function markCurrent(current, parameters) {
  const kept = withoutPicks(parameters);
  const old = pages.querySelector("[aria-current]");
  for (const link of pages.children) {
    const name = link.getAttribute("data-page") ?? "";
    setAttribute(link, "href", addressOf(name, kept));
    setAttribute(link, "aria-current", name === current ? "page" : null);
  }
  const link = pages.querySelector("[aria-current]");
  if (link !== old) reveal(link);
}

/** On a small screen the links scroll, and fade at the edge that has more. @type {(link: Element | null) => void} */
function reveal(link) {
  if (pages.scrollWidth > pages.clientWidth) link?.scrollIntoView({ block: "nearest", inline: "nearest" });
  fade();
}

function fade() {
  const beyond = pages.scrollWidth - pages.clientWidth - pages.scrollLeft;
  pages.classList.toggle("more-before", pages.scrollLeft > 1);
  pages.classList.toggle("more-after", beyond > 1);
}

pages.addEventListener("scroll", fade, { passive: true });
new ResizeObserver(fade).observe(pages);

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
