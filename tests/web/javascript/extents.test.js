/** The shared axis of charts side by side: its extent and its steps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT, visual } from "./miniature.js";
import { axisOfShares, axisOver, extentsOf } from "../../../src/customer360/web/static/extents.js";
import { reachOf, seriesOf } from "../../../src/customer360/web/static/stacks.js";

const BARS = visual({ name: "bars", kind: "bar", by: ["loyalty_status"] });
const TABLE = visual({ name: "list", kind: "table" });
const FLOW = visual({ name: "flow", kind: "flow", measure: "change", above: ["in", "back"], below: ["out"] });

/** @type {(...values: number[]) => import("../../../src/customer360/web/static/types.d.ts").MarkData} */
const statuses = (...values) => ({
  keys: { loyalty_status: ["Gold", "Silver"].slice(0, values.length) },
  labels: {},
  values: { total_customers: values },
});

test("an axis includes zero and the longest bar of both sides", () => {
  const drawn = [{ bars: statuses(3, 5) }, { bars: statuses(12) }];
  assert.deepEqual(extentsOf([BARS], drawn, REPORT), { bars: [0, 12] });
  assert.deepEqual(extentsOf([BARS], [{ bars: statuses(-2) }, { bars: statuses() }], REPORT), { bars: [-2, 0] });
});

test("the extent of a list of customers is its highest value", () => {
  const drawn = [{ list: { columns: { total_customers: [7, 2] } } }, { list: { columns: { total_customers: [] } } }];
  assert.deepEqual(extentsOf([TABLE], drawn, REPORT), { list: [0, 7] });
});

test("missing data has no axis", () => {
  assert.deepEqual(extentsOf([{ ...BARS, missing: ["loyalty_status"] }], [{}], REPORT), {});
});

test("the extent of stacks is their sums, on both sides of zero", () => {
  const rows = [{ values: { change: 1, in: 3, back: 2, out: 4 } }, { values: { change: -9, in: 0, back: null, out: 9 } }];
  assert.deepEqual(reachOf(rows, FLOW), [-9, 5]);
  assert.deepEqual(reachOf([], FLOW), [0, 0]);
});

test("each series of a flow has its own colour, those below zero last", () => {
  for (const [above, below] of [[["a"], ["b"]], [["a", "b"], ["c", "d"]], [["a", "b", "c"], ["d"]]]) {
    const series = seriesOf({ above, below });
    assert.equal(new Set(series.map(({ colour }) => colour)).size, series.length);
    assert.deepEqual(series.map(({ sign }) => sign), [...above.map(() => 1), ...below.map(() => -1)]);
  }
});

test("the steps of a shared axis meet both its ends", () => {
  assert.deepEqual(axisOver([0, 870], true), { min: 0, max: 1000, interval: 500 });
  assert.deepEqual(axisOver([-300, 900], true), { min: -500, max: 1000, interval: 500 });
  assert.deepEqual(axisOver([0, 0.42], false), { min: 0, max: 0.6000000000000001, interval: 0.2 });
  assert.deepEqual(axisOver([0, 1], true), { min: 0, max: 1, interval: 1 });
  assert.deepEqual(axisOver([0, 0], true), { min: 0, max: 1, interval: 1 });
});

test("an axis of shares ends at 100 % if nothing is above it", () => {
  const whole = { max: 1, interval: 0.25 };
  for (const shares of [[1], [1, null, 0.2], [0.81]]) assert.deepEqual(axisOfShares(shares), whole);
});

test("the library chooses the end of an axis of small shares, or of shares above 100 %", () => {
  const chosen = { max: null, interval: null };
  for (const shares of [[], [null], [0.3, 0.8], [0.5, 1.01]]) assert.deepEqual(axisOfShares(shares), chosen);
});
