/** A report and its tables, small enough for mental arithmetic. */

import "./locale.js";
import { placesOf } from "../../../src/customer360/web/static/masks.js";
import { select } from "../../../src/customer360/web/static/cube.js";

/**
 * @import {
 *   Cube, Dimension, Expression, Key, Masks, Measure, Report, Scope, Slicer, Value, Visual,
 * } from "../../../src/customer360/web/static/types.d.ts"
 */

export const NONE = 255; // the last code of a small column: no member

/**
 * @template {Key} K
 * @param {Dimension["type"]} type
 * @param {K[]} keys
 * @param {Omit<Partial<Dimension>, "keys">} more
 */
const dimension = (type, keys, more = {}) => ({ label: type, type, keys, of_today: true, ...more });

/** @type {Report["dimensions"]} */
export const DIMENSIONS = {
  loyalty_status: dimension("status", ["Gold", "Silver", "Unknown"], { label: "Loyalty Status" }),
  country: dimension("text", ["Spain", "Other"], { label: "Country", of_today: false }),
  join_month: dimension("month", ["2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01"], {
    label: "Join Month",
    labels: ["Dec 2023", "Jan 2024", "Feb 2024", "Mar 2024"],
    of_today: false,
  }),
  join_year: dimension("year", [2023, 2024], { label: "Join Year", level_of: "join_month", of_today: false }),
  balance_band: dimension("band", [-1, 0, 1, 2, 3], {
    label: "Balance Band",
    labels: ["below 0", "0", "0–100", "100–200", "200–300"],
  }),
  funnel_stage: dimension("stage", [1, 2, 3], { labels: ["Joined", "First purchase", "Active"] }),
  months_since: dimension("number", [0, 1, 2]),
};

/** The sum of the column *name*. @type {(name: string, zero?: boolean) => Expression} */
export const sum = (name, zero = false) => ({ case: "Sum", zero, column: name });

export const CUSTOMERS = sum("customers", true);

/** @type {Expression} */
const AVERAGE = { case: "Ratio", zero: false, of: sum("balance_sum"), to: sum("balance_count") };
/** @type {Expression} */
const RETAINED = { case: "Ratio", zero: false, of: sum("retained_customers"), to: sum("cohort_customers") };

/** One expression of each case. @type {{ [C in Expression["case"]]: Extract<Expression, { case: C }> }} */
export const EXPRESSIONS = {
  Sum: { case: "Sum", zero: true, column: "customers" },
  Missing: { case: "Missing", zero: true, count: "balance_count" },
  Where: { case: "Where", zero: true, of: CUSTOMERS, dimension: "loyalty_status", member: "Gold" },
  Above: { case: "Above", zero: true, of: CUSTOMERS, dimension: "balance_band", parameter: "balance_threshold" },
  Times: { case: "Times", zero: false, of: sum("balance_sum"), parameter: "price" },
  Ratio: { case: "Ratio", zero: false, of: sum("balance_sum"), to: sum("balance_count") },
  OfTotal: { case: "OfTotal", zero: false, of: CUSTOMERS },
  Others: { case: "Others", zero: false, of: AVERAGE },
  LastMonths: { case: "LastMonths", zero: true, of: CUSTOMERS, months: 1, before: 0 },
  Observed: { case: "Observed", zero: false, of: RETAINED, months: 0 },
  Known: { case: "Known", zero: true, of: CUSTOMERS, column: "balance_count" },
  Less: { case: "Less", zero: true, of: CUSTOMERS, less: [sum("balance_count", true)] },
  MonthBefore: { case: "MonthBefore", zero: true, of: CUSTOMERS },
  Cumulative: { case: "Cumulative", zero: true, of: CUSTOMERS },
  LastClosedMonth: { case: "LastClosedMonth", zero: false, of: CUSTOMERS, before: 0 },
  MeanPerMonth: { case: "MeanPerMonth", zero: false, of: CUSTOMERS },
  OfStage: { case: "OfStage", zero: false, of: CUSTOMERS, stage: "first" },
  Latest: { case: "Latest", zero: false, column: "rows_rejected", total: false },
};

/** @type {(label: string, expression: Expression, more?: Partial<Measure>) => Measure} */
const measure = (label, computed, more) => ({
  label,
  description: `${label}.`,
  unit: "customers",
  format: "count",
  good: null,
  left_out: null,
  expression: computed,
  ...more,
});

/** @type {(visual: Partial<Visual>) => Visual} */
export const visual = (given) => ({
  name: "customers",
  kind: "card",
  title: "Customers",
  definition: "Number of customers",
  place: { column: 0, row: 0, width: 3, height: 2 },
  measure: "total_customers",
  more: [],
  by: [],
  compare: null,
  compared: null,
  above: [],
  below: [],
  parameter: null,
  columns: [],
  missing: [],
  pickable: Boolean(given.by?.length),
  over_joining: false,
  of_months: false,
  fact: "segments",
  only: {},
  ...given,
});

export const SEGMENTS = ["loyalty_status", "country", "join_month", "balance_band"];
const SUMS = ["customers", "balance_sum", "balance_count"];
const RETENTION = ["join_month", "months_since", "cohort_customers", "retained_customers"];

/** @type {(name: string) => { key: Key, label: string }[]} */
function membersOf(name) {
  return DIMENSIONS[name].keys.map((key) => ({ key, label: String(key) }));
}

/** @type {Slicer[]} */
const SLICERS = [
  { dimension: "loyalty_status", label: "Loyalty Status", members: membersOf("loyalty_status") },
  { dimension: "activity", label: "Activity", missing: ["is_active"] },
  { dimension: "country", label: "Country", members: membersOf("country") },
  { dimension: "join_month", label: "Join Month", first: "2023-12-01", last: "2024-03-01" },
];

/** The data ends in the middle of March 2024: its last full month is February. @type {Report} */
export const REPORT = {
  name: "Customer 360",
  smallest: 0,
  refresh: {
    id: 7,
    as_of: "2024-03-15",
    finished_at: "2024-03-16T01:02:03Z",
    source_table: "public.customers",
    source_kind: "mock",
    rows_out: 10,
    rows_rejected: 0,
    rows_not_yet_joined: 0,
  },
  slicers: SLICERS,
  statuses: { Gold: 1, Silver: 2 },
  parameters: {
    balance_threshold: {
      label: "Balance",
      default: 100,
      most: 1e16,
      digits: 2,
      edges: [0, 100, 200],
      bands: [1, 2, 3],
      exact: false,
    },
    price: { label: "Price", default: 0.01, most: 1, digits: 4, edges: null, bands: null, exact: true },
  },
  measures: {
    total_customers: measure("Total Customers", CUSTOMERS),
    average_balance: measure("Average Balance", EXPRESSIONS.Ratio, { unit: "currency", format: "amount" }),
    above: measure("Above X", EXPRESSIONS.Above),
    new_customers: measure("New Customers", EXPRESSIONS.LastMonths),
    balances_times_price: measure("Balances at Your Price", EXPRESSIONS.Times, { unit: "currency", format: "amount" }),
    share_of_first: measure("% of First", EXPRESSIONS.OfStage, { unit: "share", format: "percent" }),
    retained_share: measure("Retained", EXPRESSIONS.Observed, { unit: "share", format: "percent" }),
  },
  dimensions: DIMENSIONS,
  facts: {
    segments: [...SEGMENTS, "join_year"],
    cohorts: ["join_month", "join_year", "months_since"],
    stages: ["loyalty_status", "funnel_stage"],
    top_customers: ["loyalty_status"],
  },
  people: null,
  pages: [
    {
      name: "overview",
      title: "Overview",
      rows: 10,
      cubes: [
        { name: "segments", fact: "segments", columns: [...SEGMENTS, ...SUMS] },
        { name: "segments__by_status", fact: "segments", columns: ["loyalty_status", "join_month", ...SUMS] },
        { name: "cohorts", fact: "cohorts", columns: RETENTION },
        { name: "stages", fact: "stages", columns: ["funnel_stage", "loyalty_status", "customers"] },
      ],
      visuals: [
        visual({}),
        visual({ name: "new", kind: "kpi", measure: "new_customers" }),
        visual({ name: "by_status", kind: "bar", by: ["loyalty_status"], more: ["average_balance"] }),
        visual({ name: "by_month", kind: "line", by: ["join_month"], over_joining: true }),
        visual({ name: "by_band", kind: "heat_map", by: ["loyalty_status", "balance_band"] }),
        visual({ name: "threshold", kind: "parameter", measure: "above", parameter: "balance_threshold" }),
        visual({ name: "logins", kind: "line", missing: ["last_login"] }),
        visual({ name: "funnel", kind: "funnel", fact: "stages", by: ["funnel_stage"], more: ["share_of_first"] }),
        visual({
          name: "retention",
          kind: "heat_map",
          fact: "cohorts",
          measure: "retained_share",
          by: ["join_year", "months_since"],
        }),
      ],
    },
    {
      name: "financial",
      title: "Financial",
      rows: 4,
      cubes: [],
      visuals: [visual({ name: "top", kind: "table", fact: "top_customers" })],
    },
  ],
};

/** Ten customers: for each row, their number, their balances, and the number of known balances. */
export const ROWS = [
  ["Gold", "Spain", "2023-12-01", 2, 1, 150.1, 1],
  ["Gold", "Other", "2024-01-01", 1, 2, 100.2, 2],
  ["Silver", "Spain", "2024-01-01", 0, 3, 0, 3],
  ["Silver", "Spain", "2024-02-01", null, 2, 0, 0], // an unknown balance
  ["Unknown", "Other", null, 3, 1, 250, 1], // an unknown month of joining
  ["Unknown", "Other", "2024-03-01", -1, 1, -5, 1],
];

/** A cube of rows: members become codes, amounts cents. @type {(names: string[], rows: (Key | null)[][]) => Cube} */
export function cubeOf(names, rows) {
  /** @type {Cube["columns"]} */
  const columns = {};
  names.forEach((name, at) => {
    const cells = rows.map((row) => row[at]);
    const scale = name.startsWith("balance_sum") ? 100 : 1;
    const keys = DIMENSIONS[name]?.keys;
    const values = keys
      ? Uint8Array.from(cells, (key) => (key === null ? NONE : keys.indexOf(key)))
      : Int32Array.from(cells, (value) => Math.round(Number(value) * scale));
    columns[name] = { values, scale };
  });
  return { rows: rows.length, columns };
}

export const CUBE = cubeOf([...SEGMENTS, ...SUMS], ROWS);

/** For two cohorts, the customers seen again by month since joining. */
export const COHORTS = cubeOf(RETENTION, [
  ["2023-12-01", 0, 4, 4],
  ["2023-12-01", 1, 4, 2],
  ["2023-12-01", 2, 4, 1],
  ["2024-01-01", 0, 6, 3],
  ["2024-01-01", 1, 6, 3],
]);

/** For each status, the customers who reached a stage but no later one. */
export const STAGES = cubeOf(
  ["funnel_stage", "loyalty_status", "customers"],
  [
    [1, "Gold", 5],
    [3, "Gold", 2],
    [1, "Silver", 1],
  ],
);

/** A cube as the server sends it: web/cubes.py. @type {(cube: Cube) => ArrayBuffer} */
export function encoded({ rows, columns }) {
  const described = Object.entries(columns).map(([name, { values, scale }]) => ({
    name,
    type: values.constructor.name.replace("Array", "").toLowerCase(),
    scale,
  }));
  const padded = (/** @type {string} */ text) => text + " ".repeat((8 - ((text.length + 4) % 8)) % 8);
  const header = new TextEncoder().encode(padded(JSON.stringify({ rows, columns: described })));
  const parts = Object.values(columns).map(({ values }) => {
    const bytes = new Uint8Array(Math.ceil(values.byteLength / 8) * 8);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return bytes;
  });
  const length = new Uint8Array(Uint32Array.of(header.length).buffer);
  const bytes = [length, header, ...parts].flatMap((part) => [...part]);
  return Uint8Array.from(bytes).buffer;
}

/**
 * The scope of an expression: the rows of *cube* that pass *filters*, cut by at most one dimension.
 *
 * @type {(cube: Cube, given?: { by?: string[], filters?: Masks, x?: number, report?: Report }) => Scope}
 */
export function scopeOf(cube, { by = [], filters = new Map(), x = 100, report = REPORT } = {}) {
  const rows = select(cube, filters);
  const [name] = by;
  const column = name && (report.dimensions[name].level_of ?? name);
  const groups = rows.map((row) => (name ? placesOf(report, name)[cube.columns[column].values[row]] : 0));
  const size = name ? report.dimensions[name].keys.length : 1;
  const parameters = { balance_threshold: x, price: 0.01 };
  return { cube, report, parameters, filters, conditions: [], by, rows, groups, size };
}

/** Rounded to cents, as shown on the page. @type {(values: Value[]) => Value[]} */
export const rounded = (values) => values.map((value) => (value === null ? null : Number(value.toFixed(4))));
