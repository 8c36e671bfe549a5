/** Two members of a slicer's dimension, side by side: how they stand in the address, and what each side is asked. */

import { Refused } from "./api.js";
import { keysOf, markOf, withValue } from "./state.js";

/** @import { Comparison, MemberSlicer, Report } from "./types.d.ts" */

export const COMPARE = "compare";

/**
 * The two that *parameters* compare, as "country:Spain,Italy"; null where that is not what they say.
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
 * What each side of the page is asked: its member in place of what the slicer keeps. Without a comparison one side.
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
 * What the server is not asked, a comparison of what is no slicer, is refused here.
 * @type {(report: Report, parameters: URLSearchParams) => void}
 */
export function requireKnown(report, parameters) {
  if (!parameters.has(COMPARE) || isKnown(report, comparisonIn(parameters))) return;
  throw new Refused(400, { message: "these two cannot be compared" });
}
