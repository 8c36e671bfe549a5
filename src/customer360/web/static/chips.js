/** The active filters as a list of removable chips. */

import { byId, element, icon, setText } from "./dom.js";
import { filtersOn } from "./filters.js";
import { said } from "./small.js";

/** @import { Actions, NamedFilter, Page } from "./types.d.ts" */

const place = byId("filters");
const reset = element("button", { type: "button", class: "button quiet" }, "Clear");
const few = element("span", { class: "few-note" });
/** @type {Map<string, HTMLElement>} */
let shown = new Map();

/** @type {(page: Page, parameters: URLSearchParams, actions: Actions) => void} */
export function show(page, parameters, actions) {
  const focused = place.contains(document.activeElement);
  /** @type {[string, NamedFilter][]} */
  const keyed = filtersOn(page, parameters).map((one) => [JSON.stringify(one), one]);
  shown = new Map(keyed.map(([key, one]) => [key, shown.get(key) ?? chip(one, actions)]));
  reset.onclick = actions.clear;
  setText(few, said(page.report));
  hold([...shown.values(), ...(shown.size ? [reset] : []), ...(page.report.smallest ? [few] : [])]);
  if (focused && !place.contains(document.activeElement)) {
    (place.querySelector("button") ?? byId("page")).focus();
  }
}

/** Removes the list, on pages that name their customers themselves. */
export function clear() {
  shown.clear();
  place.replaceChildren();
}

/** Keeps nodes that stay, because every inserted node costs a layout. @type {(nodes: Element[]) => void} */
function hold(nodes) {
  for (const node of Array.from(place.children)) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, at) => {
    if (place.children[at] !== node) place.insertBefore(node, place.children[at] ?? null);
  });
}

/** @type {(filter: NamedFilter, actions: Actions) => HTMLElement} */
function chip({ name, value, text }, actions) {
  const remove = element("button", {
    type: "button",
    class: "remove",
    "aria-label": `Remove ${text}`,
    click: () => actions.remove(name, value),
  });
  remove.append(icon("close"));
  return element("span", { class: "filter" }, element("span", { title: text }, text), remove);
}
