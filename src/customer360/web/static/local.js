/**
 * Computes the numbers of a page from the tables in the page: the same answer, without a request.
 *
 * Only for data in the tables and valid parameters; everything else is null and requested from the server.
 */

import * as api from "./api.js";
import { decode, select } from "./cube.js";
import { fullMonthsEnd, maskOf, monthsBefore, narrow, placesOf } from "./masks.js";
import { columnsOf, evaluate, Unknown } from "./measures.js";
import { standing } from "./tidy.js";
import { definitionOf, filtersOf, measuresOf, viewOf } from "./view.js";

/**
 * @import {
 *   Answer, Cube, Data, Expression, Grouped, MarkData, Masks, Report, Scope, SingleData, Value, View, Visual,
 * } from "./types.d.ts"
 */

/**
 * The cubes of one refresh, and those being fetched.
 * @typedef {{ refresh: number | null, cubes: Map<string, Cube>, asked: Map<string, Promise<void>> }} Held
 *
 * The parts of a visual that a scope needs.
 * @typedef {Pick<Visual, "name" | "fact" | "only">} Reading
 */

const SPARK_MONTHS = 24;
/** @type {Held} */
let held = holdNothing(null);

/** @type {(refresh: number | null) => Held} */
function holdNothing(refresh) {
  return { refresh, cubes: new Map(), asked: new Map() };
}

/**
 * Fetches the missing tables of *page*, one after the other; the page stays usable meanwhile.
 * @type {(report: Report, page: string) => Promise<void>}
 */
export async function load(report, page) {
  if (held.refresh !== report.refresh.id) held = holdNothing(report.refresh.id);
  const mine = held;
  for (const { name } of definitionOf(report, page).cubes) {
    if (!mine.asked.has(name)) mine.asked.set(name, fetchCube(mine, page, name));
    await mine.asked.get(name);
  }
}

/** @type {(mine: Held, page: string, name: string) => Promise<void>} */
async function fetchCube(mine, page, name) {
  try {
    mine.cubes.set(name, decode(await api.fetchCube(page, name, mine.refresh)));
  } catch {
    mine.asked.delete(name); // the server answers instead; the table is requested again after the next paint
  }
}

/** Drops all tables, because there are newer results. @type {() => void} */
export function forget() {
  held = holdNothing(null);
}

/**
 * The answer to *parameters* on *page*, or null.
 * @type {(report: Report | null, page: string, parameters: URLSearchParams) => Answer | null}
 */
export function answer(report, page, parameters) {
  if (!report || held.refresh !== report.refresh.id || !held.cubes.size) return null;
  try {
    const view = viewOf(report, page, parameters);
    const visuals = view.page.visuals.map((visual) => [
      visual.name,
      lackOf(visual) ?? dataOf(visual, view),
    ]);
    return { refresh: report.refresh.id, visuals: Object.fromEntries(visuals) };
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

/**
 * The number of customers under the filters; null if the tables cannot answer.
 * @type {(report: Report, page: string, parameters: URLSearchParams) => number | null}
 */
export function countCustomers(report, page, parameters) {
  if (held.refresh !== report.refresh.id) return null;
  try {
    const view = viewOf(report, page, parameters);
    const { expression } = report.measures.total_customers;
    const columns = columnsOf(expression);
    const cube = view.page.cubes.find((one) => columns.every((column) => one.columns.includes(column)));
    if (!cube) return null;
    const scope = scopeOf({ name: "", fact: cube.fact, only: {} }, view, [], [expression]);
    return evaluate(expression, scope)[0] ?? 0;
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

/**
 * The scope of measures: the smallest table with the columns needed, its rows under the filters, and their groups.
 * @type {(visual: Reading, view: View, by: string[], expressions: Expression[]) => Scope}
 */
function scopeOf(visual, view, by, expressions) {
  const { report, parameters, selected } = view;
  const filtered = keyOf(visual, view);
  const masks = once(selected, filtered, () => masksOf(visual, view));
  const columns = [
    ...masks.keys(),
    ...by.map((name) => report.dimensions[name].level_of ?? name),
    ...expressions.flatMap(columnsOf),
  ];
  const [name, cube] = smallestCube(visual, view, columns);
  const key = `${name} ${filtered}`;
  const rows = once(selected, key, () => select(cube, masks));
  const groups = once(selected, `${key} ${by}`, () => groupRows(cube, report, by, rows));
  return { cube, report, parameters, filters: masks, conditions: [], by, rows, ...groups };
}

/** @type {(visual: Reading, view: View) => Masks} */
const masksOf = (visual, view) =>
  filtersOf(visual, view).reduce((all, [name, keeps]) => narrow(all, maskOf(view.report, name, keeps)), new Map());

/**
 * @template T
 * @param {Map<string, unknown>} known
 * @param {string} key
 * @param {() => T} make
 */
function once(known, key, make) {
  if (!known.has(key)) known.set(key, make());
  return /** @type {T} */ (known.get(key));
}

/**
 * A key for visuals with the same filters, which share masks, rows and groups.
 * @type {(visual: Reading, view: View) => string}
 */
const keyOf = (visual, { picks: marks }) =>
  JSON.stringify([visual.fact, visual.only, marks.some((mark) => mark.visual === visual.name) ? visual.name : ""]);

/**
 * The smallest cube with *columns*.
 * @type {(visual: Reading, view: View, columns: string[]) => [name: string, cube: Cube]}
 */
function smallestCube(visual, { page }, columns) {
  const known = page.cubes.filter(({ fact }) => fact === visual.fact);
  const able = known.filter((one) => columns.every((column) => one.columns.includes(column))).map(({ name }) => name);
  const fits = [...held.cubes].filter(([name]) => able.includes(name));
  if (!fits.length) throw new Unknown(visual.name);
  return fits.reduce((one, other) => (other[1].rows < one[1].rows ? other : one));
}

/**
 * The group of each row, from the indexes of its members, the last of *by* varying fastest; -1 for none.
 * @type {(cube: Cube, report: Report, by: string[], rows: Int32Array) => Omit<Grouped, "rows">}
 */
function groupRows(cube, report, by, rows) {
  const groups = new Int32Array(rows.length);
  let size = 1;
  for (const name of by) {
    const { keys, level_of: below } = report.dimensions[name];
    const { values } = cube.columns[below ?? name];
    const places = placesOf(report, name);
    for (let at = 0; at < rows.length; at += 1) {
      const place = places[values[rows[at]]];
      groups[at] = groups[at] < 0 || place < 0 ? -1 : groups[at] * keys.length + place;
    }
    size *= keys.length;
  }
  return { groups, size };
}

/** The data or table that *visual* lacks, in the form the server uses. @type {(visual: Visual) => Data | null} */
function lackOf({ missing, unavailable }) {
  if (missing.length) return { missing };
  return unavailable ? { unavailable } : null;
}

/** @type {(visual: Visual, view: View) => Data} */
function dataOf(visual, view) {
  if (visual.kind === "table") throw new Unknown(visual.name);
  /** @type {[string, Expression][]} */
  const measures = measuresOf(visual).map((name) => [name, view.report.measures[name].expression]);
  const scope = scopeOf(
    visual,
    view,
    visual.by,
    measures.map(([, expression]) => expression),
  );
  /** @type {[string, Value[]][]} */
  const values = measures.map(([name, expression]) => [name, zeroForNobody(expression, evaluate(expression, scope))]);
  if (visual.by.length) return byMember(visual, view, scope, values);
  const single = Object.fromEntries(values.map(([name, [value]]) => [name, value]));
  if (visual.kind === "parameter") return { values: single, ...numberOf(visual, view) };
  return { values: single, spark: spark(visual, view, single), ...numberOf(visual, view) };
}

/**
 * The number of *visual* as set, and the number used.
 * @type {(visual: Visual, view: View) => { x?: number, used?: number }}
 */
function numberOf({ parameter }, { parameters, report }) {
  if (!parameter) return {};
  const x = parameters[parameter];
  return { x, used: standing(report.parameters[parameter], x) };
}

/** Makes a count of no rows 0 instead of null. @type {(expression: Expression, values: Value[]) => Value[]} */
const zeroForNobody = ({ zero }, values) => (zero ? values.map((value) => value ?? 0) : values);

/** @type {(visual: Visual, view: View, scope: Scope, values: [name: string, values: Value[]][]) => MarkData} */
function byMember({ by }, { report }, scope, values) {
  const occurs = occurring(scope);
  const groups = [...occurs.keys()].filter((group) => occurs[group]);
  /** @type {MarkData["keys"]} */
  const keys = {};
  /** @type {MarkData["labels"]} */
  const labels = {};
  let size = scope.size;
  for (const name of by) {
    const { keys: members, labels: written } = report.dimensions[name];
    size /= members.length;
    const below = size;
    /** @type {(group: number) => number} */
    const place = (group) => Math.floor(group / below) % members.length;
    keys[name] = groups.map((group) => members[place(group)]);
    if (written) labels[name] = groups.map((group) => written[place(group)]);
  }
  const columns = values.map(([name, all]) => [name, groups.map((group) => all[group])]);
  return { keys, labels, values: Object.fromEntries(columns) };
}

/**
 * Whether each group has rows; a stage contains the rows of all later stages.
 * @type {(scope: Scope) => Uint8Array}
 */
function occurring({ groups, size, by, report }) {
  const occurs = new Uint8Array(size);
  for (const group of groups) if (group >= 0) occurs[group] = 1;
  if (by.some((name) => report.dimensions[name].type === "stage")) {
    for (let at = size - 2; at >= 0; at -= 1) occurs[at] |= occurs[at + 1];
  }
  return occurs;
}

/**
 * The sparkline: customers who joined in each of the last full months, if they can be compared.
 * @type {(visual: Visual, view: View, values: Record<string, Value>) => SingleData["spark"]}
 */
function spark(visual, view, values) {
  const { expression } = view.report.measures[visual.measure];
  if (expression.case !== "LastMonths" || (visual.compare && values[visual.compare] === null)) return null;
  const scope = scopeOf(visual, view, ["join_month"], [expression.of]);
  const found = evaluate(expression.of, scope);
  const members = view.report.dimensions.join_month.keys;
  const end = fullMonthsEnd(view.report.refresh.as_of);
  const months = Array.from({ length: SPARK_MONTHS }, (_, at) => monthsBefore(end, SPARK_MONTHS - at));
  return { months, values: months.map((month) => found[members.indexOf(month)] ?? 0) };
}
