/** The steps of a number that a reader sets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT } from "./miniature.js";
import { stepBeside, stepsOf } from "../../../src/customer360/web/static/slider.js";

const { balance_threshold: BALANCE, price: PRICE } = REPORT.parameters;

test("a threshold moves from edge to edge", () => {
  assert.deepEqual(stepsOf(BALANCE), [0, 100, 200]);
});

test("a number without bands moves around its default, never above its maximum", () => {
  assert.deepEqual(stepsOf(PRICE), [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]);
  assert.deepEqual(stepsOf({ ...PRICE, most: 0.02 }), [0.001, 0.002, 0.005, 0.01, 0.02]);
});

test("an arrow goes to the next step, also from between two", () => {
  assert.deepEqual([stepBeside([0, 100, 200], 50, 1), stepBeside([0, 100, 200], 50, -1)], [100, 0]);
  assert.deepEqual([stepBeside([0, 100, 200], 200, 1), stepBeside([0, 100, 200], 0, -1)], [undefined, undefined]);
});
