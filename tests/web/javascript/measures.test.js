/** Every way to compute a measure, over tables small enough to check by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COHORTS, CUBE, CUSTOMERS, cubeOf, EXPRESSIONS, REPORT, rounded, scopeOf, SEGMENTS, STAGES, sum,
} from "./miniature.js";
import { maskOf } from "../../../src/customer360/web/static/masks.js";
import { columnsOf, evaluate, partsOf, Unknown } from "../../../src/customer360/web/static/measures.js";

/** @import { Expression, Key, Masks, Report, Value } from "../../../src/customer360/web/static/types.d.ts" */

/** @type {(expression: Expression, ...where: Parameters<typeof scopeOf>) => Value[]} */
const values = (expression, ...where) => rounded(evaluate(expression, scopeOf(...where)));

/** @type {(dimension: string, ...keys: Key[]) => Masks} */
const only = (dimension, ...keys) => new Map([maskOf(REPORT, dimension, (key) => keys.includes(key))]);

/** @type {(as_of: string) => Report} */
const until = (as_of) => ({ ...REPORT, refresh: { ...REPORT.refresh, as_of } });

const NOBODY = only("loyalty_status");
const BY_STATUS = ["loyalty_status"];

test("a sum adds the rows of each group; rows without a member are in no group", () => {
  assert.deepEqual(values(CUSTOMERS, CUBE), [10]);
  assert.deepEqual(values(CUSTOMERS, CUBE, { by: BY_STATUS }), [3, 5, 2]);
  assert.deepEqual(values(CUSTOMERS, CUBE, { by: ["join_month"] }), [1, 5, 2, 1]);
});

test("a level adds up the members it groups", () => {
  assert.deepEqual(values(CUSTOMERS, CUBE, { by: ["join_year"] }), [1, 8]);
});

test("cents add up exactly", () => {
  const cube = cubeOf(["balance_sum"], [[0.1], [0.2]]);
  assert.deepEqual(evaluate(sum("balance_sum"), scopeOf(cube)), [0.3]);
});

test("without rows there is no value, not 0", () => {
  assert.deepEqual(values(CUSTOMERS, CUBE, { filters: NOBODY }), [null]);
  assert.deepEqual(values(CUSTOMERS, CUBE, { by: BY_STATUS, filters: only("country", "Spain") }), [1, 5, null]);
});

test("customers outside a count of known values are counted", () => {
  assert.deepEqual(values(EXPRESSIONS.Missing, CUBE), [2]);
  assert.deepEqual(values(EXPRESSIONS.Missing, CUBE, { by: BY_STATUS }), [0, 2, 0]);
});

test("one member only, and a filter on the same dimension still applies", () => {
  assert.deepEqual(values(EXPRESSIONS.Where, CUBE), [3]);
  assert.deepEqual(values(EXPRESSIONS.Where, CUBE, { filters: only("loyalty_status", "Silver") }), [null]);
  assert.deepEqual(values(EXPRESSIONS.Where, CUBE, { by: BY_STATUS }), [3, null, null]);
});

test("above X are the bands entirely above it, never an unknown balance", () => {
  assert.deepEqual(values(EXPRESSIONS.Above, CUBE, { x: 0 }), [4]);
  assert.deepEqual(values(EXPRESSIONS.Above, CUBE, { x: 100 }), [2]);
});

test("X goes up to the next edge, and down to the highest", () => {
  assert.deepEqual(values(EXPRESSIONS.Above, CUBE, { x: 101 }), [1]);
  assert.deepEqual(values(EXPRESSIONS.Above, CUBE, { x: 10_000 }), [1]);
});

/** @type {(more: Partial<import("../../../src/customer360/web/static/types.d.ts").Parameter>) => Report} */
const withX = (more) => {
  const balance_threshold = { ...REPORT.parameters.balance_threshold, ...more };
  return { ...REPORT, parameters: { ...REPORT.parameters, balance_threshold } };
};

test("nobody is above X in data without bands", () => {
  assert.deepEqual(values(EXPRESSIONS.Above, CUBE, { report: withX({ edges: [], bands: [] }) }), [null]);
});

test("between two edges the server is asked if it has the exact values", () => {
  const report = withX({ exact: true });
  assert.deepEqual(values(EXPRESSIONS.Above, CUBE, { report, x: 100 }), [2]);
  assert.throws(() => values(EXPRESSIONS.Above, CUBE, { report, x: 101 }), Unknown);
  assert.throws(() => values(EXPRESSIONS.Above, CUBE, { report: withX({ edges: null, bands: null }) }), Unknown);
});

test("a sum uses the reader's price; without rows there is no value", () => {
  assert.deepEqual(values(EXPRESSIONS.Times, CUBE), [4.953]);
  assert.deepEqual(values(EXPRESSIONS.Times, CUBE, { filters: NOBODY }), [null]);
});

test("a missing numerator is 0, and without a denominator there is no value", () => {
  const ratio = /** @type {Expression} */ ({ case: "Ratio", zero: false, of: EXPRESSIONS.Where, to: CUSTOMERS });
  assert.deepEqual(values(ratio, CUBE, { by: BY_STATUS }), [1, 0, 0]);
  assert.deepEqual(values(ratio, CUBE, { filters: NOBODY }), [null]);
  assert.deepEqual(values(EXPRESSIONS.Ratio, cubeOf(["balance_sum", "balance_count"], [[5, 0]])), [null]);
});

test("a ratio of sums is not a mean of ratios", () => {
  assert.deepEqual(values(EXPRESSIONS.Ratio, CUBE, { by: BY_STATUS }), [83.4333, 0, 122.5]);
});

test("the parts of a whole add up to 1 without those that have no member", () => {
  assert.deepEqual(values(EXPRESSIONS.OfTotal, CUBE, { by: ["join_month"] }), [0.1111, 0.5556, 0.2222, 0.1111]);
  assert.deepEqual(values(EXPRESSIONS.OfTotal, CUBE, { by: BY_STATUS, filters: NOBODY }), [null, null, null]);
});

test("others are all rows outside the filters, the same in every group", () => {
  const gold = only("loyalty_status", "Gold");
  assert.deepEqual(values(EXPRESSIONS.Others, CUBE, { filters: gold }), [49]);
  assert.deepEqual(values(EXPRESSIONS.Others, CUBE, { filters: gold, by: BY_STATUS }), [49, 49, 49]);
});

test("without a filter there are no others", () => {
  assert.deepEqual(values(EXPRESSIONS.Others, CUBE), [null]);
});

test("the month of the as-of date is full if the date is its last day", () => {
  const found = (/** @type {string} */ day) => values(EXPRESSIONS.LastMonths, CUBE, { report: until(day) });
  assert.deepEqual(found("2024-03-15"), [2]);
  assert.deepEqual(found("2024-02-28"), [5]); // a leap year
  assert.deepEqual(found("2024-02-29"), [2]);
  assert.deepEqual(found("2024-03-31"), [1]);
});

test("a month of retention is shown once the newest cohort of its row has reached it", () => {
  assert.deepEqual(values(EXPRESSIONS.Observed, COHORTS, { by: ["months_since"] }), [0.7, 0.5, null]);
  const oldest = only("join_month", "2023-12-01");
  assert.deepEqual(values(EXPRESSIONS.Observed, COHORTS, { by: ["months_since"], filters: oldest }), [1, 0.5, 0.25]);
});

test("customers who joined in an incomplete month have not been seen in it yet", () => {
  const newest = cubeOf(Object.keys(COHORTS.columns), [["2024-03-01", 0, 5, 5]]);
  assert.deepEqual(values(EXPRESSIONS.Observed, newest, { by: ["months_since"] }), [null, null, null]);
});

test("retention is requested from the server if the table lacks month 0 or is cut by another dimension", () => {
  const later = only("months_since", 1, 2);
  assert.throws(() => values(EXPRESSIONS.Observed, COHORTS, { by: ["months_since"], filters: later }), Unknown);
  assert.throws(() => values(EXPRESSIONS.Observed, COHORTS, { by: ["join_year"] }), Unknown);
});

const BY_STAGE = ["funnel_stage"];

test("customers in a stage have reached those before it", () => {
  assert.deepEqual(values(CUSTOMERS, STAGES, { by: BY_STAGE }), [8, 2, 2]);
});

test("a stage that nobody reached has no value, and is 0 of the first", () => {
  const silver = only("loyalty_status", "Silver");
  assert.deepEqual(values(CUSTOMERS, STAGES, { by: BY_STAGE, filters: silver }), [1, null, null]);
  assert.deepEqual(values(EXPRESSIONS.OfStage, STAGES, { by: BY_STAGE, filters: silver }), [1, 0, 0]);
});

test("a stage is a share of the first or the previous one", () => {
  const previous = /** @type {Expression} */ ({ ...EXPRESSIONS.OfStage, stage: "previous" });
  assert.deepEqual(values(EXPRESSIONS.OfStage, STAGES, { by: BY_STAGE }), [1, 0.25, 0.25]);
  assert.deepEqual(values(previous, STAGES, { by: BY_STAGE }), [1, 0.25, 1]);
});

test("a share of a stage is requested from the server if stages are filtered or are not the cut", () => {
  const first = only("funnel_stage", 1);
  assert.throws(() => values(EXPRESSIONS.OfStage, STAGES, { by: BY_STAGE, filters: first }), Unknown);
  assert.throws(() => values(EXPRESSIONS.OfStage, STAGES, { by: BY_STATUS }), Unknown);
});

/** Expressions over tables that the page does not have. @type {Expression["case"][]} */
const ELSEWHERE = ["Latest", "Known", "MonthBefore", "Cumulative", "LastClosedMonth", "MeanPerMonth"];

test("missing values are subtracted as 0", () => {
  const [all] = values(CUSTOMERS, CUBE);
  const [known] = values(sum("balance_count"), CUBE);
  assert.deepEqual(values(EXPRESSIONS.Less, CUBE), [Number(all) - Number(known)]);
  assert.deepEqual(values(EXPRESSIONS.Less, CUBE, { filters: NOBODY }), [0]);
});

test("expressions over missing tables, and cases of a newer server, are requested from the server", () => {
  for (const name of ELSEWHERE) assert.throws(() => values(EXPRESSIONS[name], CUBE), Unknown);
  const newer = /** @type {Expression} */ (/** @type {unknown} */ ({ case: "Median", zero: false }));
  assert.throws(() => values(newer, CUBE), Unknown);
  assert.throws(() => columnsOf(newer), Unknown);
});

test("an empty table has no values, and no expression fails on it", () => {
  const sums = ["customers", "balance_sum", "balance_count", "cohort_customers", "retained_customers"];
  const cube = cubeOf([...SEGMENTS, "funnel_stage", "months_since", ...sums], []);
  const by = { OfStage: BY_STAGE, Observed: ["months_since"] };
  for (const [name, expression] of Object.entries(EXPRESSIONS)) {
    if (ELSEWHERE.some((one) => one === name)) continue;
    const found = values(expression, cube, { by: by[/** @type {keyof typeof by} */ (name)] });
    assert.ok(found.every((value) => value === null || (name === "Less" && value === 0)), name);
  }
});

test("data without any month of retention has no values", () => {
  const months_since = { ...REPORT.dimensions.months_since, keys: [] };
  const report = { ...REPORT, dimensions: { ...REPORT.dimensions, months_since } };
  const cube = cubeOf(["join_month", "months_since", "cohort_customers", "retained_customers"], []);
  assert.deepEqual(values(EXPRESSIONS.Observed, cube, { by: ["months_since"], report }), []);
});

test("an expression reads its own columns and those of its parts", () => {
  assert.deepEqual(columnsOf(EXPRESSIONS.LastMonths), ["join_month", "customers"]);
  assert.deepEqual(columnsOf(EXPRESSIONS.Times), ["balance_sum"]);
  const retained = ["join_month", "months_since", "retained_customers", "cohort_customers"];
  assert.deepEqual(columnsOf(EXPRESSIONS.Observed), retained);
  assert.deepEqual(columnsOf(EXPRESSIONS.Above), ["balance_band", "customers"]);
  assert.deepEqual(partsOf(EXPRESSIONS.Missing), []);
  assert.deepEqual(columnsOf(EXPRESSIONS.Less), ["customers", "balance_count"]);
  assert.deepEqual(columnsOf(EXPRESSIONS.Known), ["balance_count", "customers"]);
  assert.deepEqual(columnsOf(EXPRESSIONS.Cumulative), ["activity_month", "customers"]);
});
