/** Notes about a visual under the current filters: which customers it shows, and which filters do not apply. */

import { keysOf, picksIn, rangeOf } from "./state.js";
import { definitionOf } from "./view.js";

/** @import { Frame, MonthRange, PageDefinition, Report, Visual } from "./types.d.ts" */

/** @typedef {Map<string, string[]>} Chosen */

/** @type {(frame: Frame, parameters: URLSearchParams) => { months: MonthRange, notes: string[] }} */
export function contextOf({ visual, page, report }, parameters) {
  const chosen = filtersBeside(visual, definitionOf(report, page.name), report, parameters);
  const notes = [onlyToday(visual, chosen, report), unreached(visual, chosen, report)].filter(Boolean);
  return { months: rangeOf(parameters, "join_month"), notes };
}

/**
 * The members by dimension that slicers, and marks clicked in other visuals, select.
 * @type {(visual: Visual, definition: PageDefinition, report: Report, parameters: URLSearchParams) => Chosen}
 */
function filtersBeside(visual, definition, report, parameters) {
  const sliced = report.slicers.map(({ dimension }) => [dimension, parameters.getAll(dimension)]);
  const clicked = picksIn(parameters)
    .filter(([name]) => name !== visual.name)
    .flatMap(([name, mark]) => {
      const { by = [] } = definition.visuals.find((one) => one.name === name) ?? {};
      return by.map((dimension, at) => [dimension, [keysOf(mark)[at]]]);
    });
  const chosen = new Map();
  for (const [dimension, keys] of [...sliced, ...clicked]) {
    if (keys.length) chosen.set(dimension, [...new Set([...(chosen.get(dimension) ?? []), ...keys])]);
  }
  return chosen;
}

/**
 * The note that past months show customers by today's status: nobody joins as Gold, and past statuses are unknown.
 * @type {(visual: Visual, chosen: Chosen, report: Report) => string}
 */
function onlyToday(visual, chosen, report) {
  if (!(visual.over_joining || visual.of_months)) return "";
  const ofToday = report.slicers.filter(({ dimension }) => report.dimensions[dimension].of_today);
  const reached = ofToday.filter(({ dimension }) => report.facts[visual.fact].includes(dimension));
  const names = reached.flatMap(({ dimension }) => chosen.get(dimension)?.join(" or ") ?? []);
  return names.length ? `Only customers who are ${names.join(" and ")} today` : "";
}

/** @type {(visual: Visual, chosen: Chosen, report: Report) => string} */
function unreached(visual, chosen, report) {
  const others = [...chosen.keys()].filter((name) => !report.facts[visual.fact].includes(name));
  return others.length ? `Not filtered by ${others.map((name) => report.dimensions[name].label).join(", ")}` : "";
}
