/** Answers from the tables in the page: the same as the server's, or none. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { COHORTS, CUBE, cubeOf, encoded, REPORT, ROWS, STAGES } from "./miniature.js";
import * as local from "../../../src/customer360/web/static/local.js";

/** @import { Answer, Cube, SingleData } from "../../../src/customer360/web/static/types.d.ts" */

const SMALL = ["loyalty_status", "join_month", "customers", "balance_sum", "balance_count"];
const BY_STATUS = cubeOf(SMALL, ROWS.map(([status, , month, , ...sums]) => [status, month, ...sums]));

/** @type {Record<string, Cube>} */
const TABLES = { segments: CUBE, segments__by_status: BY_STATUS, cohorts: COHORTS, stages: STAGES };
/** @type {string[]} */
let asked = [];

/** Replaces the network: the server has only *tables*. @type {(tables: Record<string, Cube>) => void} */
function serve(tables) {
  asked = [];
  globalThis.fetch = async (address) => {
    const name = String(address).replace(/^.*\/(\w+)\?refresh=7$/, "$1");
    asked.push(name);
    return name in tables ? new Response(encoded(tables[name])) : new Response("{}", { status: 404 });
  };
}

/** @type {(query: string) => Answer} */
function answer(query) {
  const found = local.answer(REPORT, "overview", new URLSearchParams(query));
  assert.ok(found);
  return found;
}

beforeEach(async () => {
  local.forget();
  serve(TABLES);
  await local.load(REPORT, "overview");
});

test("every visual of the page is answered, from one refresh", () => {
  const { refresh, visuals } = answer("");
  assert.equal(refresh, 7);
  assert.deepEqual(Object.keys(visuals), REPORT.pages[0].visuals.map(({ name }) => name));
  assert.deepEqual(visuals.customers, { values: { total_customers: 10 }, spark: null });
  assert.deepEqual(visuals.threshold, { values: { above: 2 }, x: 100, used: 100 });
  assert.deepEqual(visuals.logins, { missing: ["last_login"] });
});

test("a missing table of the results is reported as by the server", () => {
  const [page] = REPORT.pages;
  const line = "the results have no analytics.segments yet";
  const visuals = page.visuals.map((one) => (one.name === "customers" ? { ...one, unavailable: line } : one));
  const found = local.answer({ ...REPORT, pages: [{ ...page, visuals }] }, "overview", new URLSearchParams());
  assert.deepEqual(found?.visuals.customers, { unavailable: line });
});

test("marks are the members that occur, in order", () => {
  const { by_status, by_band } = answer("country=Other").visuals;
  assert.deepEqual(by_status, {
    keys: { loyalty_status: ["Gold", "Unknown"] },
    labels: {},
    values: { total_customers: [2, 2], average_balance: [50.1, 122.5] },
  });
  assert.deepEqual(by_band.keys, { loyalty_status: ["Gold", "Unknown", "Unknown"], balance_band: [1, -1, 3] });
  assert.deepEqual(by_band.labels, { balance_band: ["0–100", "below 0", "200–300"] });
});

test("rows without a member count in totals but are not marks", () => {
  const { customers, by_month } = answer("loyalty_status=Unknown").visuals;
  assert.deepEqual(customers.values, { total_customers: 2 });
  assert.deepEqual(by_month, {
    keys: { join_month: ["2024-03-01"] },
    labels: { join_month: ["Mar 2024"] },
    values: { total_customers: [1] },
  });
});

test("a cell without a member in one of its dimensions is not a mark", () => {
  const { by_band } = answer("loyalty_status=Silver").visuals;
  assert.deepEqual(by_band, {
    keys: { loyalty_status: ["Silver"], balance_band: [0] },
    labels: { balance_band: ["0"] },
    values: { total_customers: [3] },
  });
});

test("a clicked mark does not filter its own visual", () => {
  const { customers, by_status } = answer("pick.by_status=Gold").visuals;
  assert.deepEqual(customers.values, { total_customers: 3 });
  assert.deepEqual(by_status.values?.total_customers, [3, 5, 2]);
});

test("a stage occurs if a later one does", () => {
  const { funnel } = answer("loyalty_status=Gold").visuals;
  assert.deepEqual(funnel, {
    keys: { funnel_stage: [1, 2, 3] },
    labels: { funnel_stage: ["Joined", "First purchase", "Active"] },
    values: { total_customers: [7, 2, 2], share_of_first: [1, 2 / 7, 2 / 7] },
  });
  assert.deepEqual(answer("loyalty_status=Silver").visuals.funnel.keys, { funnel_stage: [1] });
});

test("without customers, counts are 0, other values are missing, and there are no marks", () => {
  const { customers, by_status } = answer("join_month=1999-01..1999-02").visuals;
  assert.deepEqual(customers.values, { total_customers: 0 });
  assert.deepEqual(by_status, {
    keys: { loyalty_status: [] },
    labels: {},
    values: { total_customers: [], average_balance: [] },
  });
});

test("new customers have a sparkline of 24 months, with 0 if nobody joined", () => {
  const { spark, values } = /** @type {SingleData} */ (answer("").visuals.new);
  assert.deepEqual(values, { new_customers: 2 });
  assert.equal(spark?.months.length, 24);
  assert.deepEqual([spark?.months.at(0), spark?.months.at(-1)], ["2022-03-01", "2024-02-01"]);
  assert.deepEqual(spark?.values.slice(-4), [0, 1, 5, 2]);
});

test("a row of cohorts is shown up to the age of its newest", () => {
  const { keys, values } = answer("").visuals.retention;
  assert.deepEqual(keys, { join_year: [2023, 2023, 2023, 2024, 2024], months_since: [0, 1, 2, 0, 1] });
  assert.deepEqual(values, { retained_share: [1, 0.5, 0.25, 0.5, 0.5] });
});

test("the customers under the filters are counted with and without a visual", () => {
  const count = (/** @type {string} */ query) => local.countCustomers(REPORT, "overview", new URLSearchParams(query));
  assert.deepEqual(["", "country=Spain", "pick.by_status=Gold", "join_month=..1999-01"].map(count), [10, 6, 3, 0]);
  assert.equal(count("country=Atlantis"), null);
});

test("invalid parameters, and pages of individual customers, are requested from the server", () => {
  assert.equal(local.answer(REPORT, "overview", new URLSearchParams("country=Atlantis")), null);
  assert.equal(local.answer(REPORT, "financial", new URLSearchParams()), null);
  assert.equal(local.answer(REPORT, "people", new URLSearchParams()), null);
});

test("the server is asked until the tables have arrived, and after another refresh", () => {
  const newer = { ...REPORT, refresh: { ...REPORT.refresh, id: 8 } };
  assert.equal(local.answer(newer, "overview", new URLSearchParams()), null);
  assert.equal(local.answer(null, "overview", new URLSearchParams()), null);
  local.forget();
  assert.equal(local.answer(REPORT, "overview", new URLSearchParams()), null);
});

test("each table is fetched once", async () => {
  assert.deepEqual(asked, ["segments", "segments__by_status", "cohorts", "stages"]);
  await local.load(REPORT, "overview");
  assert.equal(asked.length, 4);
});

test("a table that failed is requested again, and the server answers meanwhile", async () => {
  local.forget();
  serve({ segments: CUBE, segments__by_status: BY_STATUS, stages: STAGES });
  await local.load(REPORT, "overview");
  assert.equal(local.answer(REPORT, "overview", new URLSearchParams()), null);
  serve(TABLES);
  await local.load(REPORT, "overview");
  assert.deepEqual(asked, ["cohorts"]);
  assert.ok(answer(""));
});

test("empty tables give an empty page", async () => {
  local.forget();
  const empty = (/** @type {[string, Cube]} */ [name, { columns }]) => [name, cubeOf(Object.keys(columns), [])];
  serve(Object.fromEntries(Object.entries(TABLES).map(empty)));
  await local.load(REPORT, "overview");
  const { customers, by_status, retention } = answer("").visuals;
  assert.deepEqual(customers.values, { total_customers: 0 });
  assert.deepEqual(by_status.keys, { loyalty_status: [] });
  assert.deepEqual(retention.values, { retained_share: [] });
});
