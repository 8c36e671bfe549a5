/** The active filters as a reader names them: slicers, clicked marks and X. */

import * as format from "./format.js";
import { partsOf } from "./measures.js";
import { keysOf, picksIn, rangeOf } from "./state.js";
import { definitionOf } from "./view.js";

/** @import { Expression, NamedFilter, Page, PageDefinition, Report, Slicer, Visual } from "./types.d.ts" */

/**
 * Every filter of *page*, one per member, as a chip shows it.
 * @type {(page: Page, parameters: URLSearchParams) => NamedFilter[]}
 */
export function filtersOn(page, parameters) {
  const { report } = page;
  const definition = definitionOf(report, page.name);
  const x = isOnPage(definition, report) ? chosenX(report, parameters) : [];
  return [...slices(report, parameters), ...picked(definition, page, parameters), ...x];
}

/**
 * The filters that reach *visual*; X, chosen or not, where its number depends on it.
 * @type {(visual: Visual, page: Page, parameters: URLSearchParams) => NamedFilter[]}
 */
export function filtersReaching(visual, page, parameters) {
  const { report } = page;
  const own = `pick.${visual.name}`;
  /** @type {(filter: NamedFilter) => boolean} */
  const reaches = ({ name, by }) => name !== own && by.some((one) => report.facts[visual.fact].includes(one));
  const x = dependsOnX(visual, report) ? [filterOfX(report, parameters.get(report.parameter.name))] : [];
  return [...filtersOn(page, parameters).filter(reaches), ...x];
}

/** @type {(report: Report, parameters: URLSearchParams) => NamedFilter[]} */
function slices(report, parameters) {
  return report.slicers.flatMap((slicer) => {
    if (!slicer.members) return span(slicer, parameters);
    return parameters.getAll(slicer.dimension).map((value) => {
      const label = slicer.members.find(({ key }) => String(key) === value)?.label ?? value;
      return filter(slicer.dimension, value, [slicer.dimension], slicer.label, label);
    });
  });
}

/** @type {(slicer: Slicer, parameters: URLSearchParams) => NamedFilter[]} */
function span({ dimension, label }, parameters) {
  const value = parameters.get(dimension);
  if (!value) return [];
  const { from, to } = rangeOf(parameters, dimension);
  /** @type {(month: string) => string} */
  const written = (month) => month && format.month(`${month}-01`);
  const both = `${written(from)} to ${written(to)}`;
  const text = from && to ? both : from ? `from ${written(from)}` : `to ${written(to)}`;
  return [filter(dimension, value, [dimension], label, text)];
}

/** @type {(definition: PageDefinition, page: Page, parameters: URLSearchParams) => NamedFilter[]} */
function picked(definition, page, parameters) {
  return picksIn(parameters).map(([name, mark]) => {
    const visual = definition.visuals.find((one) => one.name === name);
    const names = keysOf(mark).map((key, at) => page.nameOf(visual?.by[at] ?? "", key));
    return filter(`pick.${name}`, mark, visual?.by ?? [], visual?.title ?? name, names.join(" · "));
  });
}

/** @type {(report: Report, parameters: URLSearchParams) => NamedFilter[]} */
const chosenX = (report, parameters) =>
  parameters.has(report.parameter.name) ? [filterOfX(report, parameters.get(report.parameter.name))] : [];

/** @type {(report: Report, chosen: string | null) => NamedFilter} */
function filterOfX({ parameter }, chosen) {
  const { name, label, default: usual } = parameter;
  return filter(name, chosen ?? String(usual), [], `${label} (X)`, format.full(Number(chosen ?? usual), "count"));
}

/** @type {(name: string, value: string, by: string[], label: string, member: string) => NamedFilter} */
const filter = (name, value, by, label, member) => ({ name, value, by, label, member, text: `${label}: ${member}` });

/** @type {(definition: PageDefinition, report: Report) => boolean} */
const isOnPage = (definition, report) => definition.visuals.some((visual) => dependsOnX(visual, report));

/** @type {(visual: Visual, report: Report) => boolean} */
const dependsOnX = (visual, report) =>
  [visual.measure, ...visual.more].some((name) => hasX(report.measures[name].expression));

/** @type {(expression: Expression) => boolean} */
const hasX = (expression) => expression.case === "Above" || partsOf(expression).some(hasX);
