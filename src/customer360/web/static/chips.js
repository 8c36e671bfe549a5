/** The active filters as a list; each can be removed. */

import { element, icon } from "./dom.js";
import * as format from "./format.js";
import { keysOf, picks, range } from "./state.js";

const place = document.getElementById("filters");
const clear = element("button", { type: "button", class: "button quiet" }, "Clear");
let shown = new Map();

export function show(report, definition, page, parameters, actions) {
  const active = [...slices(report, parameters), ...picked(definition, page, parameters)];
  const focused = place.contains(document.activeElement);
  const keyed = active.map((one) => [JSON.stringify(one), one]);
  shown = new Map(keyed.map(([key, one]) => [key, shown.get(key) ?? chip(one, actions)]));
  clear.onclick = actions.clear;
  hold([...shown.values(), ...(shown.size ? [clear] : [])]);
  if (focused && !place.contains(document.activeElement)) {
    (place.querySelector("button") ?? document.getElementById("page")).focus();
  }
}

/** Leaves alone what stays: what is put in anew is laid out anew. */
function hold(nodes) {
  for (const node of [...place.children]) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, at) => {
    if (place.children[at] !== node) place.insertBefore(node, place.children[at] ?? null);
  });
}

function slices(report, parameters) {
  return report.slicers.flatMap((slicer) => {
    if (!slicer.members) return span(slicer, parameters);
    return parameters.getAll(slicer.dimension).map((value) => {
      const label = slicer.members.find(({ key }) => String(key) === value)?.label ?? value;
      return { name: slicer.dimension, value, text: `${slicer.label}: ${label}` };
    });
  });
}

function span(slicer, parameters) {
  const value = parameters.get(slicer.dimension);
  if (!value) return [];
  const { from, to } = range(parameters, slicer.dimension);
  const written = (month) => month && format.month(`${month}-01`);
  const both = `${written(from)} to ${written(to)}`;
  const text = from && to ? both : from ? `from ${written(from)}` : `to ${written(to)}`;
  return [{ name: slicer.dimension, value, text: `${slicer.label}: ${text}` }];
}

function picked(definition, page, parameters) {
  return picks(parameters).map(([name, mark]) => {
    const visual = definition.visuals.find((one) => one.name === name);
    const names = keysOf(mark).map((key, at) => page.nameOf(visual?.by[at], key));
    return { name: `pick.${name}`, value: mark, text: `${visual?.title ?? name}: ${names.join(" · ")}` };
  });
}

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
