/** Which codes of a column a filter selects, and the full months before a day. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NONE, REPORT } from "./miniature.js";
import {
  fullMonthsEnd, maskOf, monthsBefore, narrow, ordinal, placesOf, windowOf,
} from "../../../src/customer360/web/static/masks.js";

/** The codes that a mask selects. @type {(mask: Uint8Array) => number[]} */
const codes = (mask) => [...mask.keys()].filter((code) => mask[code]);
const everybody = () => true;
const nobody = () => false;

test("a mask selects the members that match the filter, never rows without a member", () => {
  const [column, mask] = maskOf(REPORT, "loyalty_status", everybody);
  assert.equal(column, "loyalty_status");
  assert.deepEqual(codes(mask), [0, 1, 2]);
  assert.equal(mask[NONE], 0);
  assert.deepEqual(codes(maskOf(REPORT, "loyalty_status", nobody)[1]), []);
});

test("a filter on years selects their months", () => {
  const [column, mask] = maskOf(REPORT, "join_year", (year) => year === 2024);
  assert.equal(column, "join_month");
  assert.deepEqual(codes(mask), [1, 2, 3]);
});

test("a column of many members has its own code for none", () => {
  const country = { ...REPORT.dimensions.country, keys: Array.from({ length: 300 }, (_, at) => `country ${at}`) };
  const report = { ...REPORT, dimensions: { ...REPORT.dimensions, country } };
  const [, mask] = maskOf(report, "country", everybody);
  assert.equal(codes(mask).length, 300);
  assert.equal(mask[65_535], 0);
  assert.equal(placesOf(report, "country")[65_535], -1);
  assert.equal(placesOf(report, "country")[299], 299);
});

test("254 members are few, 255 are many: the last code is for none", () => {
  const sized = (/** @type {number} */ count) => {
    const country = { ...REPORT.dimensions.country, keys: Array.from({ length: count }, (_, at) => String(at)) };
    return maskOf({ ...REPORT, dimensions: { ...REPORT.dimensions, country } }, "country", everybody)[1].length;
  };
  assert.deepEqual([254, 255].map(sized), [256, 65_536]);
});

test("two filters on one column select what matches both", () => {
  const gold = maskOf(REPORT, "loyalty_status", (key) => key !== "Unknown");
  const both = narrow(narrow(new Map(), gold), maskOf(REPORT, "loyalty_status", (key) => key !== "Gold"));
  assert.deepEqual(codes(both.get("loyalty_status") ?? gold[1]), [1]);
  assert.deepEqual(codes(gold[1]), [0, 1]);
});

test("the index of a month among years is that of its year; none has none", () => {
  assert.deepEqual([...placesOf(REPORT, "join_year").subarray(0, 5)], [0, 1, 1, 1, -1]);
  assert.equal(placesOf(REPORT, "loyalty_status")[NONE], -1);
});

for (const [day, end] of [
  ["2024-02-28", "2024-02-01"],
  ["2024-02-29", "2024-03-01"],
  ["2023-02-28", "2023-03-01"],
  ["2023-12-31", "2024-01-01"],
  ["2024-01-01", "2024-01-01"],
]) {
  test(`on ${day} the months before ${end} are full`, () => assert.equal(fullMonthsEnd(day), end));
}

test("months go back across the turn of the year", () => {
  assert.equal(monthsBefore("2024-01-01", 1), "2023-12-01");
  assert.equal(monthsBefore("2024-03-01", 27), "2021-12-01");
  assert.equal(monthsBefore("2024-03-31", 0), "2024-03-01");
  assert.equal(ordinal("2024-01-01") - ordinal("2023-12-01"), 1);
});

test("a window of months includes both its ends", () => {
  assert.deepEqual(windowOf({ months: 12, before: 0 }, "2024-03-15"), ["2023-03-01", "2024-02-01"]);
  assert.deepEqual(windowOf({ months: 12, before: 12 }, "2024-03-15"), ["2022-03-01", "2023-02-01"]);
});
