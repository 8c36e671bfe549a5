/** From a mark to its customers: URLs, menu entries, titles and orders. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT } from "./miniature.js";
import { chartsOf, everyMonth } from "../../../src/customer360/web/static/customercharts.js";
import * as people from "../../../src/customer360/web/static/people.js";
import { parametersOf } from "../../../src/customer360/web/static/state.js";

/** @import { CustomerPage, Report, Visual } from "../../../src/customer360/web/static/types.d.ts" */

const query = (/** @type {string} */ text) => new URLSearchParams(text);
const at = (/** @type {string} */ address) => new URL(address, "http://127.0.0.1");
const [overview] = REPORT.pages;
const [visual] = overview.visuals.filter(({ by }) => by.length === 1);
/** @type {Report["measures"][string]} */
const counted = {
  ...Object.values(REPORT.measures)[0],
  label: "Total Customers",
  unit: "customers",
  format: "count",
};
const share = { ...counted, label: "% Active", unit: "share", format: /** @type {const} */ ("percent") };
/** @type {Visual} */
const shown = { ...visual, name: "by_status", measure: "total", more: ["active_share", "unlisted"], above: [], below: [] };
/** @type {Report} */
const report = {
  ...REPORT,
  measures: { ...REPORT.measures, total: counted, active_share: share, unlisted: counted },
  people: { audiences: [], visuals: { by_status: ["active_share", "total"] } },
};

test("the pages of customers are distinguished from those of the report", () => {
  assert.deepEqual(["customers", "customers/17", "customers_by_status", "overview"].map(people.isPeople), [
    true,
    true,
    false,
    false,
  ]);
  assert.equal(people.customerIn("customers/-17"), "-17");
  assert.equal(people.customerIn("customers"), "");
});

test("the URL of a list has its subject, then the filters, and both can be read back", () => {
  const of = { visual: "by_status", mark: "a%2Cb", measure: "total" };
  const address = people.listAddress(of, query("country=Spain&pick.map=1,2&compare=country:Spain,Italy"));

  assert.equal(address, "/customers?visual=by_status&mark=a%252Cb&measure=total&country=Spain&pick.map=1,2");
  const found = parametersOf(at(address));
  assert.deepEqual(Object.fromEntries(found), { ...of, country: "Spain", "pick.map": "1,2" });
  assert.equal(people.filtersIn(found).toString(), "country=Spain&pick.map=1%2C2");
});

test("a list without a visual names the page of its clicked marks", () => {
  const address = people.listAddress({ page: "overview" }, query("pick.by_status=Gold"));

  assert.equal(address, "/customers?page=overview&pick.by_status=Gold");
});

test("a list opened from a list replaces the subject of the first", () => {
  const parameters = query("visual=by_status&mark=Gold&audience=lapsed&sort=-spent&country=Spain");

  assert.equal(people.listAddress({}, parameters), "/customers?country=Spain");
  assert.equal(people.carried(parameters).toString(), "country=Spain");
  assert.equal(people.withoutFilters(parameters).has("country"), false);
});

test("the next page continues after the last one, with the same filters", () => {
  assert.equal(people.questionOf(query("visual=v&country=Spain"), "c1"), "visual=v&country=Spain&after=c1");
  assert.equal(people.questionOf(query("visual=v")), "visual=v");
});

test("the way back leads to the page of the visual, with filters and clicked marks", () => {
  const [visualOfPage] = overview.visuals;
  const back = people.backTo(REPORT, query(`visual=${visualOfPage.name}&mark=x&sort=-spent&country=Spain&pick.m=1`));

  assert.deepEqual(back, { title: overview.title, address: `/${overview.name}?country=Spain&pick.m=1` });
  const last = REPORT.pages[REPORT.pages.length - 1];
  assert.equal(people.backTo(REPORT, query(`page=${last.name}`)).address, `/${last.name}`);
  assert.equal(people.backTo(REPORT, query("visual=gone&page=gone")).address, `/${REPORT.pages[0].name}`);
});

test("the menu has an entry for each listed measure that the mark shows, the main one first", () => {
  const entries = people.entriesOf(shown, { total: 4812, active_share: 0.443, unlisted: 5 }, report);

  assert.deepEqual(entries, [
    { measure: "total", text: "See these 4,812 customers", label: "Total Customers" },
    { measure: "active_share", text: "See the customers behind 44.3%", label: "% Active" },
  ]);
});

test("one customer is singular, and an empty list is not offered", () => {
  const told = (/** @type {number | null} */ total) =>
    people.entriesOf(shown, { total, active_share: null }, report).map(({ text }) => text);

  assert.deepEqual(told(1), ["See this customer"]);
  assert.deepEqual(told(0), []);
  assert.deepEqual(told(null), []);
});

test("a visual of many marks is offered as a whole", () => {
  assert.deepEqual(
    people.entriesOf(shown, null, report).map(({ measure, text }) => [measure, text]),
    [
      ["total", "See these customers"],
      ["active_share", "See these customers"],
    ],
  );
});

test("a visual whose marks count the same customers again is not offered as a whole", () => {
  const retention = { ...shown, by: ["join_year", "months_since"] };

  assert.deepEqual(people.entriesOf(retention, null, report), []);
  assert.equal(people.entriesOf(retention, { total: 5 }, report).length, 1);
});

test("readers who may not see people are offered nothing", () => {
  assert.deepEqual(people.entriesOf(shown, { total: 5 }, { ...report, people: null }), []);
  assert.deepEqual(people.entriesOf({ ...shown, name: "other" }, { total: 5 }, report), []);
});

test("a title shows the number of the mark", () => {
  const list = /** @type {CustomerPage} */ ({ count: 4812, number: null });
  const number = { label: "Active Customers", value: 4812, unit: "customers", format: /** @type {const} */ ("count") };

  assert.equal(people.titleOf({ ...list, number }), "4,812 Active Customers");
  assert.equal(people.titleOf(list), "4,812 customers");
  assert.equal(people.titleOf({ ...list, count: 1 }), "1 customer");
  assert.equal(
    people.titleOf({ ...list, number: { label: "% Active", value: 0.443, unit: "share", format: "percent" } }),
    "4,812 customers behind % Active: 44.3%",
  );
});

test("a click on a header sorts in the column's default direction, another click reverses it", () => {
  const column = (/** @type {string} */ name, /** @type {"text" | "amount"} */ format) =>
    people.nextSort("customer_id", { name, label: "", format, sortable: true });

  assert.equal(column("spent", "amount"), "-spent");
  assert.equal(column("activity", "text"), "activity");
  assert.equal(people.nextSort("-spent", { name: "spent", label: "", format: "amount", sortable: true }), "spent");
  assert.deepEqual(people.orderIn("-spent"), { by: "spent", down: true });
});

test("in a month without events nothing happens, and the points stay the same", () => {
  const months = { month: ["2024-01-01", "2024-03-01"], points: [50, 20], earned: [50, 0], redeemed: [0, 30] };

  const { keys, values } = everyMonth(months, "2024-04-15");

  assert.deepEqual(keys, ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]);
  assert.deepEqual(values.points, [50, 50, 20, 20]);
  assert.deepEqual(values.earned, [50, 0, 0, 0]);
  assert.deepEqual(values.net, [50, 0, -30, 0]);
});

test("only the customer's own data is drawn, and nothing without events", () => {
  assert.equal(chartsOf({}, REPORT), null);
  const drawn = chartsOf({ month: ["2024-01-01"], points: [5], earned: [5], orders: [0], logins: [0] }, REPORT);

  assert.deepEqual(
    drawn?.definition.visuals.map(({ name }) => name),
    ["points_over_time", "points_by_month"],
  );
  assert.equal(drawn?.report.people, null);
});
