/** The head of every page: the pages, how fresh the data is, theme and print. */

import { element, icon, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { addressOf, withoutPicks } from "./state.js";
import { nextTheme, theme } from "./theme.js";

const pages = document.getElementById("pages");

export const freshness = ({ refresh }) => `Data as of ${format.date(refresh.as_of)} · refresh ${refresh.id}`;

export function show(report) {
  setText(document.getElementById("freshness"), freshness(report));
  if (pages.childElementCount === report.pages.length) return;
  const links = report.pages.map((page) => element("a", { "data-page": page.name }, page.title));
  pages.replaceChildren(...links);
  const print = element("button", { type: "button", class: "button", click: () => globalThis.print() });
  print.append(icon("print"), element("span", {}, "Print / PDF"));
  document.getElementById("actions").replaceChildren(themeButton(), print);
}

/** Links carry the filters along, so that they can be copied or opened in a new tab. */
export function mark(current, parameters) {
  const kept = withoutPicks(parameters);
  const old = pages.querySelector("[aria-current]");
  for (const link of pages.children) {
    setAttribute(link, "href", addressOf(link.dataset.page, kept));
    setAttribute(link, "aria-current", link.dataset.page === current ? "page" : null);
  }
  const link = pages.querySelector("[aria-current]");
  if (link !== old) reveal(link);
}

/** On a small screen the links scroll, and fade at the edge that has more. */
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

function themeButton() {
  const button = element("button", {
    type: "button",
    class: "button",
    title: "Switch between light, dark and the system's theme",
    click: () => label(nextTheme()),
  });
  const label = (name) => button.replaceChildren(icon(name), element("span", {}, `Theme: ${name}`));
  label(theme());
  return button;
}
