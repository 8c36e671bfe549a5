/** Suppressed numbers: the signs that replace them, and that no total includes them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT, visual } from "./miniature.js";
import * as format from "../../../src/customer360/web/static/format.js";
import { rowsOf } from "../../../src/customer360/web/static/rows.js";
import { said, signsIn } from "../../../src/customer360/web/static/small.js";

/** @import { MarkData } from "../../../src/customer360/web/static/types.d.ts" */

const KEPT = { ...REPORT, smallest: 5 };
/** @type {MarkData} */
const DATA = {
  keys: { loyalty_status: ["Gold", "Silver"] },
  labels: {},
  values: { total_customers: [null, 12], average_balance: [null, 7] },
  below: { total_customers: [0] },
  withheld: { average_balance: [0] },
};

test("a count of few customers is shown as below, and other numbers based on few are withheld", () => {
  const bars = visual({ kind: "bar", by: ["loyalty_status"], more: ["average_balance"] });
  const [gold, silver] = rowsOf(bars, DATA, KEPT, { from: "", to: "" });
  assert.deepEqual(gold.signs, { total_customers: "< 5", average_balance: "withheld" });
  assert.deepEqual([gold.value, silver.value, silver.signs], [null, 12, {}]);
});

test("a card has its signs at index 0", () => {
  const signs = signsIn({ values: { total_customers: null }, below: { total_customers: [0] } }, KEPT)(0);
  assert.deepEqual(signs, { total_customers: "< 5" });
  assert.deepEqual(signsIn({ values: { total_customers: 9 } }, KEPT)(0), {});
});

test("a suppressed number is shown as its sign without a unit; others are unchanged", () => {
  const measure = { ...REPORT.measures.total_customers, unit: "orders" };
  assert.equal(format.told(null, measure, "< 5"), "< 5");
  assert.equal(format.toldLarge(12, measure, undefined), "12 orders");
  assert.equal(format.full(null, "count"), "—");
});

test("a notice says which numbers are not shown, if any are suppressed", () => {
  assert.equal(said(KEPT), "Numbers about fewer than 5 customers, and those that would reveal them, are not shown");
  assert.equal(said(REPORT), "");
});
