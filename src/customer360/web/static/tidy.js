/** The valid part of a URL, which may be older than the data or altered by a mail program. */

import { COMPARE, comparisonIn, isKnown } from "./compare.js";
import { keysOf } from "./state.js";
import { definitionOf } from "./view.js";

/** @import { Parameter, Report, Slicer } from "./types.d.ts" */

const PICK = "pick.";
const RANGE = /^(\d{4}-(0[1-9]|1[0-2]))?\.\.(\d{4}-(0[1-9]|1[0-2]))?$/;

/**
 * The valid part of *parameters*, and the ignored parts as text.
 * @type {(report: Report, page: string, parameters: URLSearchParams) => { kept: URLSearchParams, left: string[] }}
 */
export function tidy(report, page, parameters) {
  const kept = new URLSearchParams();
  const left = [];
  for (const [name, value] of parameters) {
    const reason = whyNot({ report, page, kept }, name, value);
    if (reason === null) kept.append(name, value);
    else left.push(reason);
  }
  return { kept, left };
}

/**
 * The text of an invalid parameter; null if it is valid.
 * @type {(place: { report: Report, page: string, kept: URLSearchParams }, name: string, value: string)
 *   => string | null}
 */
function whyNot({ report, page, kept }, name, value) {
  if (name === COMPARE) return isComparison(report, kept, value) ? null : `comparison ${quoted(value)}`;
  const parameter = report.parameters[name];
  if (parameter) return isIn(parameter, value) && !kept.has(name) ? null : `${parameter.label} ${quoted(value)}`;
  const slicer = report.slicers.find(({ dimension }) => dimension === name);
  if (slicer) return isOf(slicer, report, value) && (slicer.members || !kept.has(name)) ? null : told(slicer, value);
  if (name.startsWith(PICK)) return isMark(report, page, kept, name, value) ? null : `mark ${quoted(value)}`;
  return `parameter ${quoted(name)}`;
}

/** @type {(parameter: Parameter, value: string) => boolean} */
const isIn = ({ most }, value) => value.trim() !== "" && Number(value) >= 0 && Number(value) <= most;

/** @type {(report: Report, kept: URLSearchParams, value: string) => boolean} */
const isComparison = (report, kept, value) =>
  !kept.has(COMPARE) && isKnown(report, comparisonIn(new URLSearchParams([[COMPARE, value]])));

/** @type {(slicer: Slicer, report: Report, value: string) => boolean} */
function isOf({ missing, members, dimension }, report, value) {
  if (missing) return false;
  if (members) return isKey(report, dimension, value);
  const [from, to] = value.split("..");
  return RANGE.test(value) && !(from && to && from > to);
}

/** @type {(report: Report, page: string, kept: URLSearchParams, name: string, value: string) => boolean} */
function isMark(report, page, kept, name, value) {
  const visual = definitionOf(report, page).visuals.find((one) => one.name === name.slice(PICK.length));
  const keys = keysOf(value);
  if (!visual?.by.length || visual.by.length !== keys.length || (keys.length > 1 && kept.has(name))) return false;
  return visual.by.every((dimension, at) => isKey(report, dimension, keys[at]));
}

/** @type {(report: Report, dimension: string, value: string) => boolean} */
const isKey = (report, dimension, value) => report.dimensions[dimension].keys.some((key) => String(key) === value);

/** @type {(slicer: Slicer, value: string) => string} */
const told = ({ label }, value) => `${label} ${quoted(value)}`;

/** @type {(text: string) => string} */
function quoted(text) {
  return `“${text.length > 60 ? `${text.slice(0, 57)}…` : text}”`;
}

/**
 * Moves each number to a step if it is not exact between steps, and omits the default.
 * Returns the same parameters if nothing changes.
 * @type {(report: Report, parameters: URLSearchParams) => URLSearchParams}
 */
export function onStep({ parameters: numbers }, parameters) {
  const changed = new URLSearchParams(parameters);
  for (const [name, parameter] of Object.entries(numbers)) {
    const given = parameters.get(name);
    const value = given === null ? parameter.default : standing(parameter, Number(given));
    if (value === parameter.default) changed.delete(name);
    else changed.set(name, String(value));
  }
  return String(changed) === String(parameters) ? parameters : changed;
}

/**
 * The number used for *x*: rounded to its digits, or the next step up if only steps are exact.
 * @type {(parameter: Parameter, x: number) => number}
 */
export function standing({ edges, exact, digits }, x) {
  if (edges?.length && !exact) return stepOf(edges, x) ?? x;
  return Number(x.toFixed(digits));
}

/** @type {(edges: number[], x: number) => number | undefined} */
export const stepOf = (edges, x) => edges.find((edge) => edge >= x) ?? edges.at(-1);
