/** What a reader has chosen on a page, as filters that the page itself can apply; what is not valid is `Unknown`. */

import { Unknown } from "./measures.js";
import { keysOf, picksIn, rangeOf } from "./state.js";

/** @import { Filter, Keeps, PageDefinition, Report, View, Visual } from "./types.d.ts" */

/** @type {(report: Report, page: string) => PageDefinition} */
export function definitionOf(report, page) {
  const found = report.pages.find(({ name }) => name === page);
  if (!found) throw new Unknown(page);
  return found;
}

/** Each measure that *visual* shows, once. @type {(visual: Visual) => string[]} */
export const measuresOf = ({ measure, more, compare }) => [
  ...new Set([measure, ...more, ...(compare ? [compare] : [])]),
];

/**
 * Slicers and picks as filters, each a dimension and the keys it keeps.
 * @type {(report: Report, page: string, parameters: URLSearchParams) => View}
 */
export function viewOf(report, page, parameters) {
  const slicers = report.slicers.filter(({ missing }) => !missing).map(({ dimension }) => dimension);
  const known = new Set([...slicers, report.parameter.name]);
  for (const name of parameters.keys()) if (!known.has(name) && !name.startsWith("pick.")) throw new Unknown(name);
  const [x, another] = parameters.getAll(report.parameter.name);
  const threshold = x === undefined ? report.parameter.default : Number(x);
  if (!(threshold >= 0) || another !== undefined) throw new Unknown(report.parameter.name);
  const definition = definitionOf(report, page);
  return {
    report,
    page: definition,
    threshold,
    slicers: slices(report, parameters),
    picks: picked(report, definition, parameters),
    selected: new Map(),
  };
}

/** @type {(report: Report, parameters: URLSearchParams) => Filter[]} */
function slices(report, parameters) {
  return report.slicers
    .filter(({ dimension }) => parameters.has(dimension))
    .map(({ dimension, members }) => {
      if (members) return [dimension, memberOf(report, dimension, parameters.getAll(dimension))];
      const { from, to } = rangeOf(parameters, dimension);
      if (parameters.getAll(dimension).length > 1 || (from && to && from > to)) throw new Unknown(dimension);
      return [dimension, (month) => (!from || month >= `${from}-01`) && (!to || month <= `${to}-01`)];
    });
}

/** @type {(report: Report, definition: PageDefinition, parameters: URLSearchParams) => View["picks"]} */
function picked(report, definition, parameters) {
  const marks = Map.groupBy(picksIn(parameters), ([visual]) => visual);
  return [...marks].flatMap(([name, all]) => {
    const visual = definition.visuals.find((one) => one.name === name);
    if (!visual?.by.length || (visual.by.length > 1 && all.length > 1)) throw new Unknown(name);
    const keys = all.map(([, mark]) => keysOf(mark));
    return visual.by.map((dimension, at) => ({
      visual: name,
      filter: [
        dimension,
        memberOf(
          report,
          dimension,
          keys.map((one) => one[at]),
        ),
      ],
    }));
  });
}

/**
 * Whether a key is one of those written; of stages, whether it lies behind the first of them.
 * @type {(report: Report, dimension: string, written: string[]) => Keeps}
 */
function memberOf(report, dimension, written) {
  const byText = new Map(report.dimensions[dimension].keys.map((key) => [String(key), key]));
  const wanted = new Set(written.map((text) => byText.get(text)));
  if (wanted.has(undefined)) throw new Unknown(dimension);
  if (report.dimensions[dimension].type === "stage") return reaches(Math.min(...[...wanted].map(Number)));
  return (key) => wanted.has(key);
}

/** @type {(first: number) => Keeps} */
const reaches = (first) => (stage) => Number(stage) >= first;

/**
 * The filters of *visual* on dimensions that its fact has.
 * @type {(visual: Pick<Visual, "name" | "fact" | "only">, view: View) => Filter[]}
 */
export function filtersOf(visual, { report, slicers, picks: marks }) {
  /** @type {Filter[]} */
  const only = Object.entries(visual.only).map(([name, keys]) => [name, (key) => keys.includes(key)]);
  const others = marks.filter((mark) => mark.visual !== visual.name).map(({ filter }) => filter);
  return [...slicers, ...others, ...only].filter(([name]) => report.facts[visual.fact].includes(name));
}
