/** The comparison of two members of a slicer: in the URL, and in the request of each side. */

import { Refused } from "./api.js";
import { keysOf, markOf, withValue } from "./state.js";

/** @import { Comparison, MemberSlicer, Report } from "./types.d.ts" */

export const COMPARE = "compare";

/**
 * The two members that *parameters* compare, as "country:Spain,Italy"; null if there is no valid comparison.
 * @type {(parameters: URLSearchParams) => Comparison | null}
 */
export function comparisonIn(parameters) {
  const written = parameters.getAll(COMPARE);
  const [, dimension, marks] = /^(\w+):(.+)$/.exec(written[0] ?? "") ?? [];
  if (!marks || written.length > 1) return null;
  const [one, other, ...more] = keysOf(marks);
  return one && other && one !== other && !more.length ? { dimension, members: [one, other] } : null;
}

/** @type {(parameters: URLSearchParams, comparison: Comparison | null) => URLSearchParams} */
export const withComparison = (parameters, comparison) =>
  withValue(parameters, COMPARE, comparison && `${comparison.dimension}:${markOf(comparison.members)}`);

/**
 * The parameters of each side: its member replaces the slicer's filter. Without a comparison, there is one side.
 * @type {(parameters: URLSearchParams) => URLSearchParams[]}
 */
export function sidesOf(parameters) {
  const comparison = comparisonIn(parameters);
  if (!comparison) return [parameters];
  const { dimension, members } = comparison;
  return members.map((member) => withValue(withComparison(parameters, null), dimension, member));
}

/** The slicers whose members can be compared. @type {(report: Report) => MemberSlicer[]} */
export const comparable = ({ slicers }) =>
  slicers.flatMap((slicer) => (slicer.members && slicer.members.length > 1 ? [slicer] : []));

/** Whether *report* has both members. @type {(report: Report, comparison: Comparison | null) => boolean} */
export function isKnown(report, comparison) {
  const slicer = comparable(report).find(({ dimension }) => dimension === comparison?.dimension);
  const keys = slicer?.members.map(({ key }) => String(key));
  return Boolean(comparison?.members.every((member) => keys?.includes(member)));
}

/**
 * Refuses an invalid comparison, which is never sent to the server.
 * @type {(report: Report, parameters: URLSearchParams) => void}
 */
export function requireKnown(report, parameters) {
  if (!parameters.has(COMPARE) || isKnown(report, comparisonIn(parameters))) return;
  throw new Refused(400, { message: "these members cannot be compared" });
}
