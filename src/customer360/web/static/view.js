/** A reader's choices on a page, as filters that the page itself can apply; invalid ones throw `Unknown`. */

import { Unknown } from "./measures.js";
import { keysOf, picksIn, rangeOf } from "./state.js";

/** @import { Filter, Keeps, PageDefinition, Report, View, Visual } from "./types.d.ts" */

/** @type {(report: Report, page: string) => PageDefinition} */
export function definitionOf(report, page) {
  const found = report.pages.find(({ name }) => name === page);
  if (!found) throw new Unknown(page);
  return found;
}

/**
 * The distinct measures of a mark: the main one, its parts, and those of the tooltip.
 * @type {(visual: Visual) => string[]}
 */
export const measuresOfMarks = ({ measure, above, below, more }) => [
  ...new Set([measure, ...above, ...below, ...more]),
];

/** The distinct measures that *visual* needs. @type {(visual: Visual) => string[]} */
export function measuresOf(visual) {
  const { compared, compare } = visual;
  return [...new Set([...measuresOfMarks(visual), compared, compare])].filter((name) => name !== null);
}

/**
 * Slicers and picks as filters: pairs of a dimension and the selected keys.
 * @type {(report: Report, page: string, parameters: URLSearchParams) => View}
 */
export function viewOf(report, page, parameters) {
  const slicers = report.slicers.filter(({ missing }) => !missing).map(({ dimension }) => dimension);
  const known = new Set([...slicers, ...Object.keys(report.parameters)]);
  for (const name of parameters.keys()) if (!known.has(name) && !name.startsWith("pick.")) throw new Unknown(name);
  const definition = definitionOf(report, page);
  return {
    report,
    page: definition,
    parameters: numbersIn(report, parameters),
    slicers: slices(report, parameters),
    picks: picked(report, definition, parameters),
    selected: new Map(),
  };
}

/**
 * The numbers that the reader has set, or their defaults.
 * @type {(report: Report, parameters: URLSearchParams) => View["parameters"]}
 */
function numbersIn(report, parameters) {
  const numbers = Object.entries(report.parameters).map(([name, { default: usual, most }]) => {
    const [given, another] = parameters.getAll(name);
    const number = given === undefined ? usual : Number(given);
    if (!(number >= 0 && number <= most) || another !== undefined) throw new Unknown(name);
    return [name, number];
  });
  return Object.fromEntries(numbers);
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
 * Tests whether a key is one of *written*; for stages, whether it is at or after the first of them.
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
 * The filters of *visual* on dimensions of its fact.
 * @type {(visual: Pick<Visual, "name" | "fact" | "only">, view: View) => Filter[]}
 */
export function filtersOf(visual, { report, slicers, picks: marks }) {
  /** @type {Filter[]} */
  const only = Object.entries(visual.only).map(([name, keys]) => [name, (key) => keys.includes(key)]);
  const others = marks.filter((mark) => mark.visual !== visual.name).map(({ filter }) => filter);
  return [...slicers, ...others, ...only].filter(([name]) => report.facts[visual.fact].includes(name));
}
