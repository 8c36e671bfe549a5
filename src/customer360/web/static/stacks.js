/** The stacks of a flow by month: its series with their colours, and their extent. */

/** @import { Extent, Row, Visual } from "./types.d.ts" */

/** @typedef {{ name: string, colour: string, sign: 1 | -1 }} Series */

/** The shades by number of series, from zero outwards. @type {Record<"above" | "below", Record<number, string[]>>} */
const SHADES = {
  above: { 1: ["main"], 2: ["status-5", "status-2"], 3: ["status-6", "main", "status-1"] },
  below: { 1: ["bad"], 2: ["unknown", "bad"], 3: ["unknown", "muted", "bad"] },
};

/**
 * The series with their colours, those above zero first.
 * @type {(visual: Pick<Visual, "above" | "below">) => Series[]}
 */
export const seriesOf = ({ above, below }) => [
  ...coloured(above, SHADES.above, 1),
  ...coloured(below, SHADES.below, -1),
];

/** @type {(names: string[], shades: Record<number, string[]>, sign: 1 | -1) => Series[]} */
const coloured = (names, shades, sign) =>
  names.map((name, at) => ({ name, sign, colour: (shades[names.length] ?? shades[3])[at % 3] }));

/**
 * The extent of the stacks of *rows* on both sides of zero.
 * @type {(rows: Pick<Row, "values">[], visual: Pick<Visual, "measure" | "above" | "below">) 
 *   => Extent}
 */
export function reachOf(rows, { measure, above, below }) {
  /** @type {(row: Pick<Row, "values">, names: string[]) => number} */
  const sum = ({ values }, names) => names.reduce((all, name) => all + (values[name] ?? 0), 0);
  const lows = rows.map((row) => Math.min(-sum(row, below), row.values[measure] ?? 0));
  const highs = rows.map((row) => Math.max(sum(row, above), row.values[measure] ?? 0));
  return [Math.min(0, ...lows), Math.max(0, ...highs)];
}
