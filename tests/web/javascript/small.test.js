/** Numbers that are left out as they tell of few customers: what stands for them, and that nothing adds them up. */

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

test("a count of few is said to be below, anything else that rests on few is withheld", () => {
  const bars = visual({ kind: "bar", by: ["loyalty_status"], more: ["average_balance"] });
  const [gold, silver] = rowsOf(bars, DATA, KEPT, { from: "", to: "" });
  assert.deepEqual(gold.signs, { total_customers: "< 5", average_balance: "withheld" });
  assert.deepEqual([gold.value, silver.value, silver.signs], [null, 12, {}]);
});

test("a card has its signs at its only place", () => {
  const signs = signsIn({ values: { total_customers: null }, below: { total_customers: [0] } }, KEPT)(0);
  assert.deepEqual(signs, { total_customers: "< 5" });
  assert.deepEqual(signsIn({ values: { total_customers: 9 } }, KEPT)(0), {});
});

test("what is left out is written by its sign, without a unit; what there is as ever", () => {
  const measure = { ...REPORT.measures.total_customers, unit: "orders" };
  assert.equal(format.told(null, measure, "< 5"), "< 5");
  assert.equal(format.toldLarge(12, measure, undefined), "12 orders");
  assert.equal(format.full(null, "count"), "—");
});

test("a reader is told which numbers are not shown, where any are kept", () => {
  assert.equal(said(KEPT), "Numbers about fewer than 5 customers, and those that would reveal them, are not shown");
  assert.equal(said(REPORT), "");
});
