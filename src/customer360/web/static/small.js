/** What is not shown as it tells of few customers: counts below a smallest one, and whatever else rests on so few. */

import * as format from "./format.js";

/** @import { Data, LeftOut, Report, Signs } from "./types.d.ts" */

/** In a cell that has room for a sign only. */
export const WITHHELD_SIGN = "·";
const WITHHELD = "withheld";

/** What stands for a count below *smallest*. @type {(smallest: number) => string} */
export const below = (smallest) => `< ${format.whole(smallest)}`;

/**
 * Per measure what stands in place of a number that is left out, for each mark of *data*; for a card, at 0.
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

/** What a reader is told once. @type {(report: Report) => string} */
export const said = ({ smallest }) =>
  smallest ? `Numbers about fewer than ${format.whole(smallest)} customers, and those that would tell them, are not shown` : "";
