/** An address may be older than the data, or have passed through a mail program: what of it still means something. */

import { keysOf } from "./state.js";
import { definitionOf } from "./view.js";

/** @import { Report, Slicer } from "./types.d.ts" */

const PICK = "pick.";
const RANGE = /^(\d{4}-(0[1-9]|1[0-2]))?\.\.(\d{4}-(0[1-9]|1[0-2]))?$/;
const LARGEST = 1e16;

/**
 * 
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
 * Null for what is valid.
 * @type {(place: { report: Report, page: string, kept: URLSearchParams }, name: string, value: string)
 *   => string | null}
 */
function whyNot({ report, page, kept }, name, value) {
  if (name === report.parameter.name) return isX(value) && !kept.has(name) ? null : `X ${quoted(value)}`;
  const slicer = report.slicers.find(({ dimension }) => dimension === name);
  if (slicer) return isOf(slicer, report, value) && (slicer.members || !kept.has(name)) ? null : told(slicer, value);
  if (name.startsWith(PICK)) return isMark(report, page, kept, name, value) ? null : `mark ${quoted(value)}`;
  return `parameter ${quoted(name)}`;
}

/** @type {(value: string) => boolean} */
const isX = (value) => value.trim() !== "" && Number(value) >= 0 && Number(value) <= LARGEST;

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
 * X moves in steps: the next one up, or the highest. The same parameters where it stands on one.
 * @type {(report: Report, parameters: URLSearchParams) => URLSearchParams}
 */
export function onStep({ parameter: { name, edges, default: usual } }, parameters) {
  const x = parameters.get(name);
  if (x === null || !edges.length) return parameters;
  const edge = stepOf(edges, Number(x)) ?? usual;
  if (String(edge) === x && edge !== usual) return parameters;
  const changed = new URLSearchParams(parameters);
  if (edge === usual) changed.delete(name);
  else changed.set(name, String(edge));
  return changed;
}

/** @type {(edges: number[], x: number) => number | undefined} */
export const stepOf = (edges, x) => edges.find((edge) => edge >= x) ?? edges.at(-1);
