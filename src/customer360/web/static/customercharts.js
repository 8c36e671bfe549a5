/** The months of one customer as a page of the report: its visuals and their numbers. */

import { monthsBetween } from "./rows.js";

/** @import { CustomerMonths, Answer, Format, Measure, PageDefinition, Report, Value, Visual } from "./types.d.ts" */

const FACT = "months_of_customer";
const NET = "net";

/** @type {Record<string, [label: string, unit: string, format: Format, description: string]>} */
const MEASURES = {
  points: ["Points", "points", "count", "Points at the end of the month."],
  earned: ["Points Earned", "points", "count", "Points earned in the month."],
  redeemed: ["Points Redeemed", "points", "count", "Points redeemed in the month."],
  expired: ["Points Expired", "points", "count", "Points expired in the month."],
  [NET]: ["Change", "points", "count", "Points earned, less those redeemed and expired."],
  orders: ["Orders", "orders", "count", "Orders in the month."],
  amount: ["Amount Spent", "currency", "amount", "Amount spent in the month."],
  logins: ["Logins", "logins", "count", "Logins in the month."],
};

/** @typedef {Pick<Visual, "name" | "kind" | "title" | "definition" | "measure"> & Partial<Visual>} Sketch */

/** @type {(name: string, kind: Visual["kind"], title: string, definition: string, measure: string) => Sketch} */
function sketch(name, kind, title, definition, measure) {
  return { name, kind, title, definition, measure };
}

/** @type {Sketch[]} */
const SKETCHES = [
  sketch("points_over_time", "line", "Points over Time", "Held at the end of each month", "points"),
  {
    ...sketch("points_by_month", "flow", "Points by Month", "Earned above zero, redeemed and expired below", NET),
    above: ["earned"],
    below: ["redeemed", "expired"],
  },
  sketch("amount_by_month", "area", "Amount Spent by Month", "Sum of the month's purchases", "amount"),
  sketch("orders_by_month", "area", "Orders by Month", "Number of the month's purchases", "orders"),
  sketch("logins_by_month", "area", "Logins by Month", "Number of the month's logins", "logins"),
];

/**
 * What a page needs to draw the months; null if they are empty.
 * @type {(months: CustomerMonths, report: Report)
 *   => { report: Report, definition: PageDefinition, data: Answer["visuals"] } | null}
 */
export function chartsOf(months, report) {
  const { keys, values } = everyMonth(months, report.refresh.as_of);
  const drawn = SKETCHES.filter(({ measure, above = [], below = [] }) =>
    [measure, ...above, ...below].some((name) => values[name]?.some(Boolean)),
  );
  if (!drawn.length) return null;
  const visuals = drawn.map((one, at) => visualOf(one, at, drawn.length));
  const definition = { name: "customer", title: "Customer", rows: 4 * Math.ceil(drawn.length / 2), visuals, cubes: [] };
  const data = visuals.map(({ name }) => [name, { keys: { month: keys }, labels: {}, values }]);
  return { report: around(report, definition, keys), definition, data: Object.fromEntries(data) };
}

/**
 * All months up to that of the as-of date: in a month without a row nothing happens, and the points stay the same.
 * @type {(months: CustomerMonths, asOf: string) => { keys: string[], values: Record<string, Value[]> }}
 */
export function everyMonth({ month = [], ...given }, asOf) {
  const places = new Map(month.map((one, at) => [one, at]));
  const keys = monthsBetween(month[0], `${asOf.slice(0, 7)}-01`);
  /** @type {Record<string, Value[]>} */
  const values = {};
  for (const [name, numbers] of Object.entries(given)) {
    let held = 0;
    values[name] = keys.map((key) => {
      const value = numbers[places.get(key) ?? -1] ?? null;
      if (name !== "points") return value ?? 0;
      return (held = value ?? held);
    });
  }
  const { earned = [], redeemed = [], expired = [] } = values;
  values[NET] = keys.map((_, at) => (earned[at] ?? 0) - (redeemed[at] ?? 0) - (expired[at] ?? 0));
  return { keys, values };
}

/**
 * Two visuals per row; the last of an odd number takes a full row.
 * @type {(sketch: Sketch, at: number, count: number) => Visual}
 */
function visualOf(drawn, at, count) {
  const isAlone = at === count - 1 && at % 2 === 0;
  return {
    place: { column: (at % 2) * 6, row: Math.floor(at / 2) * 4, width: isAlone ? 12 : 6, height: 4 },
    more: [],
    by: ["month"],
    compare: null,
    compared: null,
    above: [],
    below: [],
    parameter: null,
    columns: [],
    missing: [],
    pickable: false,
    over_joining: false,
    of_months: false,
    fact: FACT,
    only: {},
    ...drawn,
  };
}

/** @type {(report: Report, definition: PageDefinition, keys: string[]) => Report} */
function around(report, definition, keys) {
  const measures = Object.entries(MEASURES).map(([name, about]) => [name, measureOf(name, about)]);
  return {
    ...report,
    people: null,
    measures: Object.fromEntries(measures),
    dimensions: { ...report.dimensions, month: { label: "Month", type: "month", keys, of_today: false } },
    facts: { [FACT]: ["month"] },
    pages: [definition],
  };
}

/** @type {(name: string, about: (typeof MEASURES)[string]) => Measure} */
const measureOf = (name, [label, unit, format, description]) => ({
  label,
  description,
  unit,
  format,
  good: null,
  left_out: null,
  expression: { case: "Sum", zero: true, column: name },
});
