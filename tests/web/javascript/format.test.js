/** Numbers in an English locale: as long as there is room, and never 0 for a missing value. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT } from "./miniature.js";
import * as format from "../../../src/customer360/web/static/format.js";

/** @import { Measure } from "../../../src/customer360/web/static/types.d.ts" */

/** @type {(unit: string, written: Measure["format"]) => Measure} */
const measure = (unit, written) => ({ ...REPORT.measures.total_customers, unit, format: written });

test("a missing value is a dash in any format", () => {
  for (const written of /** @type {const} */ (["count", "amount", "decimal", "percent", "date"])) {
    assert.deepEqual([null, undefined].map((value) => format.full(value, written)), ["—", "—"]);
  }
  assert.deepEqual([null, undefined].map((value) => format.compact(value, "count")), ["—", "—"]);
  assert.equal(format.large(null, "count"), "—");
  assert.equal(format.told(null, measure("days", "decimal")), "—");
});

test("a number is shown in full in tooltips and tables", () => {
  assert.equal(format.full(0, "count"), "0");
  assert.equal(format.full(1_234_567, "count"), "1,234,567");
  assert.equal(format.full(999.994, "amount"), "999.99");
  assert.equal(format.full(-12.5, "amount"), "-12.50");
  assert.deepEqual([999, 1000].map((value) => format.full(value, "amount")), ["999.00", "1,000"]);
  assert.deepEqual([12.34, 23_716.04].map((value) => format.full(value, "decimal")), ["12.3", "23,716"]);
  assert.equal(format.full(0.12345, "percent"), "12.3%");
  assert.equal(format.full("2024-02-29", "date"), "29 Feb 2024");
});

test("a number is as short as its place requires", () => {
  assert.deepEqual([999, 1000].map((value) => format.compact(value, "count")), ["999", "1.00k"]);
  assert.deepEqual([999, 1000].map((value) => format.cell(value, "count")), ["999", "1k"]);
  assert.deepEqual([9_999_999, 1e7].map((value) => format.large(value, "count")), ["9,999,999", "10m"]);
  assert.equal(format.compact(12.345, "amount"), "12.3");
  assert.equal(format.compact(0.5, "percent"), "50.0%");
  assert.equal(format.large(0.5, "percent"), "50.0%");
  assert.equal(format.cell(0.5, "percent"), "50");
  assert.equal(format.large(12_345_678, "count"), "12.3m");
  assert.equal(format.tick(0.25, "percent"), "25%");
  assert.equal(format.tick(1500, "count"), "1.5k");
});

test("a unit is shown if neither the number nor the label has it", () => {
  assert.equal(format.told(12.3, measure("days", "decimal")), "12.3 days");
  assert.equal(format.told(3, measure("customers", "count")), "3");
  const units = ["share", "currency", "points"].map((unit) => format.unit(measure(unit, "count")));
  assert.deepEqual(units, ["", "Total Customers", "points"]);
});

test("the change of a count is a share, that of a mean has its own unit", () => {
  const orders = measure("orders", "count");
  assert.equal(format.growth(94, 100, orders), "▼ 6.0%");
  assert.equal(format.growth(3, 0, orders), "▲ 3 orders");
  assert.equal(format.growth(3, 3, orders), "=");
  assert.equal(format.growth(12.5, 10, measure("days", "decimal")), "▲ 2.5 days");
  assert.equal(format.growth(0.25, 0.5, measure("share", "percent")), "▼ 25.0 pp");
});

test("typed numbers are read in the reader's locale or with a decimal point", () => {
  const read = ["1000", " 1,234,567.5 ", "1 000", "0.001", ".5", "0,02", "1,5", "12,345"].map(format.parse);
  assert.deepEqual(read, [1000, 1234567.5, 1000, 0.001, 0.5, 0.02, 1.5, 12345]);
  for (const text of ["", ".", "-1", "1e3", "many", "1.2.3", "0x10"]) assert.equal(format.parse(text), NaN, text);
});

test("a set number is written with its own digits", () => {
  assert.equal(format.exact(12_345.5, 2), "12,345.5");
  assert.equal(format.exact(0.0125, 4), "0.0125");
  assert.equal(format.exact(12_345.5, 2, { useGrouping: false }), "12345.5");
});

test("a difference between shares is in percentage points", () => {
  assert.equal(format.difference(0.5, 0.25, measure("share", "percent")), "+25.0 pp");
  assert.equal(format.difference(3, 5.5, measure("days", "decimal")), "−2.5 days");
  assert.equal(format.difference(1, 1, measure("share", "percent")), "0.0 pp");
});

test("dates do not depend on the reader's time zone", () => {
  assert.equal(format.date("2024-01-01"), "1 Jan 2024");
  assert.equal(format.month("2024-01-01"), "Jan 2024");
  assert.equal(format.months(["2023-12-01", "2024-01-01"]), "Dec 2023 – Jan 2024");
  assert.equal(format.year("2024-01-01"), "2024");
});
