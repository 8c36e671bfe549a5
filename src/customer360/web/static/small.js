/** Suppressed numbers: counts of too few customers, and numbers based on them. */

import * as format from "./format.js";

/** @import { Data, LeftOut, Report, Signs } from "./types.d.ts" */

/** The sign in a cell that is too small for text. */
export const WITHHELD_SIGN = "·";
const WITHHELD = "withheld";

/** The text for a count below *smallest*. @type {(smallest: number) => string} */
export const below = (smallest) => `< ${format.whole(smallest)}`;

/**
 * The signs that replace suppressed numbers, by measure and mark of *data*; for a card, at index 0.
 * @type {(data: Data, report: Report) => (at: number) => Signs}
 */
export function signsIn(data, { smallest }) {
  const places = [...placesOf(data.below, below(smallest)), ...placesOf(data.withheld, WITHHELD)];
  if (!places.length) return () => NONE;
  return (at) => Object.fromEntries(places.filter(([, , all]) => all.has(at)).map(([name, sign]) => [name, sign]));
}

/** @type {Signs} */
const NONE = {};

/** @type {(left: LeftOut | undefined, sign: string) => [name: string, sign: string, places: Set<number>][]} */
const placesOf = (left, sign) => Object.entries(left ?? {}).map(([name, places]) => [name, sign, new Set(places)]);

/** The notice about suppressed numbers. @type {(report: Report) => string} */
export const said = ({ smallest }) =>
  smallest ? `Numbers about fewer than ${format.whole(smallest)} customers, and those that would reveal them, are not shown` : "";
