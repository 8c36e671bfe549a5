/** A URL as filters; invalid URLs are left to the server, which names the valid values. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT, visual } from "./miniature.js";
import { Unknown } from "../../../src/customer360/web/static/measures.js";
import { definitionOf, filtersOf, measuresOf, measuresOfMarks, viewOf } from "../../../src/customer360/web/static/view.js";

/** @import { Key, Visual } from "../../../src/customer360/web/static/types.d.ts" */

const view = (/** @type {string} */ query) => viewOf(REPORT, "overview", new URLSearchParams(query));
const [, , BARS, LINE, MAP] = REPORT.pages[0].visuals;

/** The keys that each filter of a visual selects. @type {(query: string, of?: Visual) => [string, Key[]][]} */
const kept = (query, of = LINE) =>
  filtersOf(of, view(query)).map(([name, keeps]) => [name, REPORT.dimensions[name].keys.filter(keeps)]);

test("without parameters nothing is filtered, and X is the default", () => {
  assert.deepEqual(kept(""), []);
  assert.equal(view("").parameters.balance_threshold, 100);
  assert.equal(view("balance_threshold=0").parameters.balance_threshold, 0);
});

test("a slicer selects any of its members, and a range of months includes both ends", () => {
  assert.deepEqual(kept("loyalty_status=Gold&loyalty_status=Silver"), [["loyalty_status", ["Gold", "Silver"]]]);
  assert.deepEqual(kept("join_month=2024-01..2024-02"), [["join_month", ["2024-01-01", "2024-02-01"]]]);
  assert.deepEqual(kept("join_month=2024-02..2024-02"), [["join_month", ["2024-02-01"]]]);
  assert.deepEqual(kept("join_month=..2024-01"), [["join_month", ["2023-12-01", "2024-01-01"]]]);
  assert.deepEqual(kept("join_month=2024-03.."), [["join_month", ["2024-03-01"]]]);
});

test("a clicked mark filters every visual but its own", () => {
  assert.deepEqual(kept("pick.by_status=Gold", BARS), []);
  assert.deepEqual(kept("pick.by_status=Gold&pick.by_status=Silver", LINE), [["loyalty_status", ["Gold", "Silver"]]]);
});

test("a cell filters by its row and its column, numbers too", () => {
  assert.deepEqual(kept("pick.by_band=Gold,2"), [["loyalty_status", ["Gold"]], ["balance_band", [2]]]);
  assert.deepEqual(kept("pick.by_band=Unknown,-1"), [["loyalty_status", ["Unknown"]], ["balance_band", [-1]]]);
});

test("a stage selects all stages from the first one chosen", () => {
  const card = visual({ fact: "stages" });
  assert.deepEqual(kept("pick.funnel=3&pick.funnel=2", card), [["funnel_stage", [2, 3]]]);
});

test("a filter does not apply to a table without its dimension", () => {
  const table = visual({ fact: "top_customers" });
  assert.deepEqual(kept("country=Spain&loyalty_status=Gold", table), [["loyalty_status", ["Gold"]]]);
});

test("an axis can show only some of its members", () => {
  const some = visual({ fact: "cohorts", only: { months_since: [0, 2] } });
  assert.deepEqual(kept("", some), [["months_since", [0, 2]]]);
});

for (const query of [
  "unknown=1",
  "loyalty_status=Platinum",
  "activity=Active", // not in this data
  "join_month=2024-02..2024-01",
  "join_month=2024-01..&join_month=..2024-02",
  "balance_threshold=-1",
  "balance_threshold=many",
  "price=2", // above the maximum
  "compare=country:Spain,Other", // not a parameter of a single side
  "balance_threshold=1&balance_threshold=2",
  "pick.nothing=Gold",
  "pick.customers=Gold", // a card has no marks
  "pick.by_status=Platinum",
  "pick.by_band=Gold", // half a cell
  "pick.by_band=Gold,2&pick.by_band=Silver,1", // not a range
]) {
  test(`${query} is left to the server to refuse`, () => assert.throws(() => view(query), Unknown));
}

test("an unknown page is left to the server to refuse", () => {
  assert.throws(() => definitionOf(REPORT, "people"), Unknown);
});

test("a measure that is shown twice is evaluated once", () => {
  const twice = visual({ measure: "a", more: ["b", "a"], compare: "b" });
  assert.deepEqual(measuresOf(twice), ["a", "b"]);
  assert.deepEqual(measuresOf(MAP), ["total_customers"]);
});

test("a mark has its main measure, its parts, and those of the tooltip", () => {
  const flow = visual({ measure: "change", above: ["in"], below: ["out", "lost"], more: ["in", "all"], compare: "before" });
  assert.deepEqual(measuresOfMarks(flow), ["change", "in", "out", "lost", "all"]);
  assert.deepEqual(measuresOf({ ...flow, compared: "last" }), [...measuresOfMarks(flow), "last", "before"]);
});
