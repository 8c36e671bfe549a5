/** The valid part of an old link or one altered by a mail program, and X on its steps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT } from "./miniature.js";
import { onStep, stepOf, tidy } from "../../../src/customer360/web/static/tidy.js";

/** @type {(query: string) => [kept: string, left: string[]]} */
function tidied(query) {
  const { kept, left } = tidy(REPORT, "overview", new URLSearchParams(query));
  return [decodeURIComponent(kept.toString()), left];
}

test("valid parameters are unchanged", () => {
  const query = "compare=loyalty_status:Gold,Silver&country=Spain&country=Other&join_month=2024-01..&balance_threshold=0&pick.by_band=Gold,2";
  assert.deepEqual(tidied(query), [query, []]);
});

for (const [query, left] of [
  ["loyalty_status=Platinum", "Loyalty Status “Platinum”"],
  ["activity=Active", "Activity “Active”"], // not in this data
  ["join_month=2024-02..2024-01", "Join Month “2024-02..2024-01”"],
  ["join_month=2024-13..", "Join Month “2024-13..”"],
  ["balance_threshold=-1", "Balance “-1”"],
  ["balance_threshold= ", "Balance “ ”"],
  ["pick.by_status=Platinum", "mark “Platinum”"],
  ["pick.by_band=Gold", "mark “Gold”"], // half a cell
  ["pick.nothing=Gold", "mark “Gold”"],
  ["price=1.01", "Price “1.01”"],
  ["compare=country:Spain,Narnia", "comparison “country:Spain,Narnia”"],
  ["compare=join_month:2024-01..,2024-02..", "comparison “join_month:2024-01..,2024-02..”"],
  ["compare=country:Spain,Spain", "comparison “country:Spain,Spain”"],
  ["utm_source=mail", "parameter “utm_source”"],
]) {
  test(`${query} is ignored and reported`, () => {
    assert.deepEqual(tidied(`country=Spain&${query}`), ["country=Spain", [left]]);
  });
}

test("of a parameter that can occur only once, the first is used", () => {
  const twice = "join_month=2024-01..&join_month=..2024-02&balance_threshold=0&balance_threshold=100";
  assert.equal(tidied(twice)[0], "join_month=2024-01..&balance_threshold=0");
  assert.equal(tidied("pick.by_band=Gold,2&pick.by_band=Silver,1")[0], "pick.by_band=Gold,2");
});

test("the text is not longer than a line", () => {
  const [, [left]] = tidied(`country=${"x".repeat(1000)}`);
  assert.ok(left.length < 80, left);
});

test("X goes up to the next step, or down to the highest; the default is not written", () => {
  const x = (/** @type {string} */ value) =>
    onStep(REPORT, new URLSearchParams({ balance_threshold: value })).toString();
  assert.deepEqual(["0", "1", "150", "1e6"].map(x), [
    "balance_threshold=0",
    "",
    "balance_threshold=200",
    "balance_threshold=200",
  ]);
  assert.equal(stepOf([], 5), undefined);
});

test("a number without steps is rounded to its digits", () => {
  const price = (/** @type {string} */ value) => onStep(REPORT, new URLSearchParams({ price: value })).toString();
  assert.deepEqual(["0.02", "0.01", "0.123456", "1"].map(price), ["price=0.02", "", "price=0.1235", "price=1"]);
});

test("without a number, and in data without steps, the URL is unchanged", () => {
  const plain = new URLSearchParams("country=Spain");
  assert.equal(onStep(REPORT, plain), plain);
  const given = new URLSearchParams("balance_threshold=5");
  const balance_threshold = { ...REPORT.parameters.balance_threshold, edges: [], bands: [] };
  assert.equal(onStep({ ...REPORT, parameters: { balance_threshold } }, given), given);
});
