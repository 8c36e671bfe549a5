/** The active filters with labels: slicers, clicked marks, a comparison, and the numbers a reader has set. */

import { COMPARE, comparable, comparisonIn } from "./compare.js";
import * as format from "./format.js";
import { partsOf } from "./measures.js";
import { keysOf, picksIn, rangeOf } from "./state.js";
import { definitionOf, measuresOf } from "./view.js";

/** @import { Expression, NamedFilter, Page, PageDefinition, Report, Slicer, Visual } from "./types.d.ts" */

/**
 * Every filter of *page*, one per member, as shown in a chip.
 * @type {(page: Page, parameters: URLSearchParams) => NamedFilter[]}
 */
export function filtersOn(page, parameters) {
  const { report } = page;
  const definition = definitionOf(report, page.name);
  const set = numbersOn(definition.visuals, report).filter((name) => parameters.has(name));
  return [
    ...compared(report, parameters),
    ...slices(report, parameters),
    ...picked(definition, page, parameters),
    ...set.map((name) => number(report, name, parameters.get(name))),
  ];
}

/**
 * The filters that apply to *visual*, and the numbers it depends on, set or default.
 * @type {(visual: Visual, page: Page, parameters: URLSearchParams) => NamedFilter[]}
 */
export function filtersReaching(visual, page, parameters) {
  const { report } = page;
  const own = `pick.${visual.name}`;
  /** @type {(filter: NamedFilter) => boolean} */
  const reaches = ({ name, by }) => name !== own && by.some((one) => report.facts[visual.fact].includes(one));
  const numbers = numbersOn([visual], report).map((name) => number(report, name, parameters.get(name)));
  return [...filtersOn(page, parameters).filter(reaches), ...numbers];
}

/** @type {(report: Report, parameters: URLSearchParams) => NamedFilter[]} */
function slices(report, parameters) {
  const others = report.slicers.filter(({ dimension }) => dimension !== comparisonIn(parameters)?.dimension);
  return others.flatMap((slicer) => {
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

/**
 * Both members of a comparison as one filter, which is removed as a whole and replaces that of the slicer.
 * @type {(report: Report, parameters: URLSearchParams) => NamedFilter[]}
 */
function compared(report, parameters) {
  const comparison = comparisonIn(parameters);
  const slicer = comparable(report).find(({ dimension }) => dimension === comparison?.dimension);
  if (!comparison || !slicer) return [];
  const value = parameters.get(COMPARE) ?? "";
  const names = comparison.members.map((member) => slicer.members.find(({ key }) => String(key) === member)?.label);
  return [filter(COMPARE, value, [], `Compare ${slicer.label}`, names.join(" | "))];
}

/** @type {(report: Report, name: string, chosen: string | null) => NamedFilter} */
function number({ parameters }, name, chosen) {
  const { label, default: usual, digits, edges } = parameters[name];
  const written = format.exact(Number(chosen ?? usual), digits);
  return filter(name, chosen ?? String(usual), [], edges ? `${label} (X)` : label, written);
}

/** @type {(name: string, value: string, by: string[], label: string, member: string) => NamedFilter} */
const filter = (name, value, by, label, member) => ({ name, value, by, label, member, text: `${label}: ${member}` });

/** The numbers that the measures of *visuals* depend on. @type {(visuals: Visual[], report: Report) => string[]} */
const numbersOn = (visuals, { measures }) => [
  ...new Set(visuals.flatMap(measuresOf).flatMap((name) => numbersIn(measures[name].expression))),
];

/** @type {(expression: Expression) => string[]} */
const numbersIn = (expression) => [
  ...("parameter" in expression ? [expression.parameter] : []),
  ...partsOf(expression).flatMap(numbersIn),
];
