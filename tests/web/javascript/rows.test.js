/** The marks of a visual: missing months, members without remaining customers, and labels. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT, visual } from "./miniature.js";
import { monthsBetween, nameOf, rowsOf } from "../../../src/customer360/web/static/rows.js";

/** @import { MarkData, Row, Value } from "../../../src/customer360/web/static/types.d.ts" */

const BY_MONTH = visual({ kind: "line", by: ["join_month"], more: ["average_balance"] });
const BY_STATUS = visual({ kind: "bar", by: ["loyalty_status"], more: ["average_balance"] });
const OPEN = { from: "", to: "" };

/** @type {(dimension: string, keys: string[], customers: Value[], averages: Value[]) => MarkData} */
const dataOf = (dimension, keys, customers, averages) => ({
  keys: { [dimension]: keys },
  labels: {},
  values: { total_customers: customers, average_balance: averages },
});

/** @type {(rows: Row[]) => [string, Value][]} */
const marks = (rows) => rows.map(({ names, value }) => [names.join(" · "), value]);

test("a month without customers stays on the axis: 0 customers, but no average", () => {
  const rows = rowsOf(BY_MONTH, dataOf("join_month", ["2023-12-01", "2024-03-01"], [1, 2], [10, 20]), REPORT, OPEN);
  assert.deepEqual(marks(rows), [["Dec 2023", 1], ["Jan 2024", 0], ["Feb 2024", 0], ["Mar 2024", 2]]);
  assert.equal(rows[1].values.average_balance, null);
});

test("an axis of months begins and ends with the slicer, within the data", () => {
  const data = dataOf("join_month", ["2024-01-01"], [1], [10]);
  const spans = (/** @type {string} */ from, /** @type {string} */ to) =>
    rowsOf(BY_MONTH, data, REPORT, { from, to }).map(({ mark }) => mark);
  assert.deepEqual(spans("2024-01", "2024-02"), ["2024-01-01", "2024-02-01"]);
  assert.deepEqual(spans("1999-01", "2099-01"), ["2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01"]);
});

test("an axis of months of events begins with the first event, not with the first customer", () => {
  const join_month = { ...REPORT.dimensions.join_month, first: "2024-02-01" };
  const report = { ...REPORT, dimensions: { ...REPORT.dimensions, join_month } };
  const rows = rowsOf(BY_MONTH, dataOf("join_month", ["2024-03-01"], [2], [20]), report, OPEN);
  assert.deepEqual(marks(rows), [["Feb 2024", 0], ["Mar 2024", 2]]);
});

test("filters that match nobody leave an axis of zeros", () => {
  const rows = rowsOf(BY_MONTH, dataOf("join_month", [], [], []), REPORT, OPEN);
  assert.deepEqual(rows.map(({ value }) => value), [0, 0, 0, 0]);
});

test("data without any month has no marks", () => {
  const join_month = { ...REPORT.dimensions.join_month, keys: [] };
  const report = { ...REPORT, dimensions: { ...REPORT.dimensions, join_month } };
  assert.deepEqual(rowsOf(BY_MONTH, dataOf("join_month", [], [], []), report, OPEN), []);
});

test("a visual without marks has no rows", () => {
  assert.deepEqual(rowsOf(visual({}), { values: { total_customers: 3 } }, REPORT, OPEN), []);
  assert.deepEqual(rowsOf(BY_STATUS, { missing: ["loyalty_status"] }, REPORT, OPEN), []);
});

test("members without remaining customers stay, with their values before the click", () => {
  const before = dataOf("loyalty_status", ["Gold", "Silver"], [3, 5], [10, 20]);
  const rows = rowsOf(BY_STATUS, dataOf("loyalty_status", ["Silver"], [2], [7]), REPORT, OPEN, before);
  assert.deepEqual(rows.map(({ mark, value, whole, isGhost = false }) => [mark, value, whole, isGhost]), [
    ["Gold", 0, 3, true],
    ["Silver", 2, 5, false],
  ]);
  assert.equal(rows[0].values.average_balance, null);
});

test("a mark is its keys, members have the server's labels, months those of the reader's locale", () => {
  const map = visual({ kind: "heat_map", by: ["loyalty_status", "balance_band"] });
  const keys = { loyalty_status: ["Gold"], balance_band: [2] };
  const data = { keys, labels: { balance_band: ["100–200"] }, values: { total_customers: [1] } };
  const [{ mark, names }] = rowsOf(map, data, REPORT, OPEN);
  assert.deepEqual([mark, names], ["Gold,2", ["Gold", "100–200"]]);
  assert.equal(nameOf("join_month", "2024-02-01", REPORT), "Feb 2024");
  assert.equal(nameOf("no such dimension", 3, REPORT), "3");
});

test("months between two include both, across the turn of the year", () => {
  const winter = ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"];
  assert.deepEqual(monthsBetween("2023-11-01", "2024-02-01"), winter);
  assert.deepEqual(monthsBetween("2024-02-01", "2024-02-01"), ["2024-02-01"]);
  assert.deepEqual(monthsBetween("2024-02-01", "2024-01-01"), []);
  assert.deepEqual(monthsBetween(undefined, undefined), []);
});
