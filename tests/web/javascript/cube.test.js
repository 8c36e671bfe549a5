/** Tables in the page: decoding, and the rows that filters select. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CUBE, cubeOf, encoded, REPORT } from "./miniature.js";
import { decode, rowsInGroups, select, selectOutside, sum } from "../../../src/customer360/web/static/cube.js";
import { maskOf } from "../../../src/customer360/web/static/masks.js";

const gold = new Map([maskOf(REPORT, "loyalty_status", (key) => key === "Gold")]);
const inSpain = maskOf(REPORT, "country", (key) => key === "Spain");
const EMPTY = cubeOf(["loyalty_status", "customers"], []);

test("a table is decoded exactly, with columns of any width", () => {
  for (const rows of [0, 1, 3, 8, 9]) {
    const cube = cubeOf(["loyalty_status", "customers"], Array.from({ length: rows }, (_, at) => ["Silver", at]));
    assert.deepEqual(decode(encoded(cube)), cube);
  }
});

test("rows are selected if they pass every mask", () => {
  assert.deepEqual([...select(CUBE, new Map())], [0, 1, 2, 3, 4, 5]);
  assert.deepEqual([...select(CUBE, gold)], [0, 1]);
  assert.deepEqual([...select(CUBE, new Map([...gold, inSpain]))], [0]);
});

test("a row without a member passes no filter on that dimension", () => {
  const anyMonth = new Map([maskOf(REPORT, "join_month", () => true)]);
  assert.deepEqual([...select(CUBE, anyMonth)], [0, 1, 2, 3, 5]);
});

test("all other rows are outside, and none without filters", () => {
  assert.deepEqual([...selectOutside(CUBE, gold)], [2, 3, 4, 5]);
  assert.deepEqual([...selectOutside(CUBE, new Map())], []);
  const nobody = new Map([maskOf(REPORT, "country", () => false)]);
  assert.deepEqual([...selectOutside(CUBE, nobody)], [0, 1, 2, 3, 4, 5]);
});

test("an empty table has no rows, inside or outside", () => {
  assert.deepEqual([...select(EMPTY, gold)], []);
  assert.deepEqual([...selectOutside(EMPTY, gold)], []);
});

test("rows without a group are excluded", () => {
  assert.deepEqual([...rowsInGroups(Int32Array.of(3, 5, 7), Int32Array.of(0, -1, 1))], [3, 7]);
});

test("sums are per group; a group without selected rows has none", () => {
  const grouped = { rows: Int32Array.of(0, 1, 2, 3), groups: Int32Array.of(0, 0, 1, -1), size: 3 };
  assert.deepEqual(sum(CUBE, grouped, "customers", undefined, []), [3, 3, null]);
  assert.deepEqual(sum(CUBE, grouped, "customers", undefined, [inSpain]), [1, 3, null]);
  assert.deepEqual(sum(CUBE, grouped, "customers", "balance_count", []), [0, 0, null]);
  assert.deepEqual(sum(CUBE, grouped, "balance_sum", undefined, []), [250.3, 0, null]);
});

test("a sum may be larger than an integer of 32 bits", () => {
  const cube = cubeOf(["customers"], [[2_000_000_000], [2_000_000_000]]);
  const grouped = { rows: Int32Array.of(0, 1), groups: Int32Array.of(0, 0), size: 1 };
  assert.deepEqual(sum(cube, grouped, "customers", undefined, []), [4_000_000_000]);
});

test("unknown values add nothing, and without known values there is no sum", () => {
  const values = Float64Array.of(NaN, 2, NaN);
  const cube = { rows: 3, columns: { customers: { values, scale: 1 } } };
  const grouped = { rows: Int32Array.of(0, 1, 2), groups: Int32Array.of(0, 0, 1), size: 2 };
  assert.deepEqual(sum(cube, grouped, "customers", undefined, []), [2, null]);
});
