/**
 * The numbers of a page from the tables in the page: what the server would answer, without asking it.
 *
 * Only for what the tables hold and what is known to be valid; everything else is null, and the server is asked.
 */

import * as api from "./api.js";
import { decode, select } from "./cube.js";
import { fullMonthsEnd, maskOf, monthsBefore, narrowed, placesOf } from "./masks.js";
import { columnsOf, evaluate, Unknown } from "./measures.js";
import { definitionOf, filtersOf, viewOf } from "./view.js";

const SPARK_MONTHS = 24;
let held = nothing(null);

function nothing(refresh) {
  return { refresh, cubes: new Map(), asked: new Map() };
}

/** Fetches the tables of *page* that are not there yet, one after the other; the page can be used meanwhile. */
export async function load(report, page) {
  if (held.refresh !== report.refresh.id) held = nothing(report.refresh.id);
  const mine = held;
  for (const { name } of definitionOf(report, page).cubes) {
    if (!mine.asked.has(name)) mine.asked.set(name, fetched(mine, page, name));
    await mine.asked.get(name);
  }
}

async function fetched(mine, page, name) {
  try {
    mine.cubes.set(name, decode(await api.cube(page, name, mine.refresh)));
  } catch {
    mine.asked.delete(name); // the server is asked instead, and the table again after the next paint
  }
}

/** Forgets every table: there are newer results. */
export function forget() {
  held = nothing(null);
}

/** The answer to *parameters* on *page*, or null. */
export function answer(report, page, parameters) {
  if (held.refresh !== report?.refresh.id || !held.cubes.size) return null;
  try {
    const view = viewOf(report, page, parameters);
    const visuals = view.page.visuals.map((visual) => [
      visual.name,
      visual.missing.length ? { missing: visual.missing } : shown(visual, view),
    ]);
    return { refresh: report.refresh.id, visuals: Object.fromEntries(visuals) };
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

/** How many customers the filters leave; null where the tables here cannot tell. */
export function customers(report, page, parameters) {
  if (held.refresh !== report.refresh.id) return null;
  try {
    const view = viewOf(report, page, parameters);
    const { expression } = report.measures.total_customers;
    const cube = view.page.cubes.find(({ columns }) => columns.includes(expression.column));
    if (!cube) return null;
    const scope = scopeOf({ name: "", fact: cube.fact, only: {} }, view, [], [expression]);
    return evaluate(expression, scope)[0] ?? 0;
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

/** What measures are evaluated in: the smallest table that has what is needed, its rows under the filters, groups. */
function scopeOf(visual, view, by, expressions) {
  const { report, threshold, selected } = view;
  const filtered = keyOf(visual, view);
  const masks = once(selected, filtered, () => masksOf(visual, view));
  const columns = [
    ...masks.keys(),
    ...by.map((name) => report.dimensions[name].level_of ?? name),
    ...expressions.flatMap(columnsOf),
  ];
  const name = tableFor(visual, view, columns);
  const cube = held.cubes.get(name);
  const key = `${name} ${filtered}`;
  const rows = once(selected, key, () => select(cube, masks));
  const groups = once(selected, `${key} ${by}`, () => grouped(cube, report, by, rows));
  return { cube, report, threshold, filters: masks, conditions: [], by, rows, ...groups };
}

const masksOf = (visual, view) =>
  filtersOf(visual, view).reduce((all, [name, keeps]) => narrowed(all, maskOf(view.report, name, keeps)), new Map());

function once(known, key, make) {
  if (!known.has(key)) known.set(key, make());
  return known.get(key);
}

/** Visuals with the same filters share their masks, the rows that pass them, and how these are grouped. */
const keyOf = (visual, { picks: marks }) =>
  JSON.stringify([visual.fact, visual.only, marks.some((mark) => mark.visual === visual.name) ? visual.name : ""]);

function tableFor(visual, { page }, columns) {
  const fits = page.cubes.filter((cube) => cube.fact === visual.fact && held.cubes.has(cube.name));
  const able = fits.filter((cube) => columns.every((column) => cube.columns.includes(column)));
  if (!able.length) throw new Unknown(visual.name);
  return able.reduce((one, other) => (held.cubes.get(other.name).rows < held.cubes.get(one.name).rows ? other : one))
    .name;
}

/** Per row its group: the places of its members, the last of *by* running fastest; -1 where it has none. */
function grouped(cube, report, by, rows) {
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

function shown(visual, view) {
  if (visual.kind === "table") throw new Unknown(visual.name);
  const names = [...new Set([visual.measure, ...visual.more, ...(visual.compare ? [visual.compare] : [])])];
  const measures = names.map((name) => [name, view.report.measures[name].expression]);
  const scope = scopeOf(
    visual,
    view,
    visual.by,
    measures.map(([, expression]) => expression),
  );
  const values = measures.map(([name, expression]) => [name, counted(expression, evaluate(expression, scope))]);
  if (visual.by.length) return byMember(visual, view, scope, values);
  const single = Object.fromEntries(values.map(([name, [value]]) => [name, value]));
  if (visual.kind === "parameter") return { values: single, x: view.threshold };
  return { values: single, spark: spark(visual, view, single) };
}

/** Counting nobody gives 0, not nothing. */
const counted = ({ zero }, values) => (zero ? values.map((value) => value ?? 0) : values);

function byMember({ by }, { report }, scope, values) {
  const occurs = occurring(scope);
  const groups = [...occurs.keys()].filter((group) => occurs[group]);
  const keys = {};
  const labels = {};
  let size = scope.size;
  for (const name of by) {
    const { keys: members, labels: written } = report.dimensions[name];
    size /= members.length;
    const place = (group) => Math.floor(group / size) % members.length;
    keys[name] = groups.map((group) => members[place(group)]);
    if (written) labels[name] = groups.map((group) => written[place(group)]);
  }
  const columns = values.map(([name, all]) => [name, groups.map((group) => all[group])]);
  return { keys, labels, values: Object.fromEntries(columns) };
}

/** Per group whether any row is in it; a stage holds the rows of all that come after it. */
function occurring({ groups, size, by, report }) {
  const occurs = new Uint8Array(size);
  for (const group of groups) if (group >= 0) occurs[group] = 1;
  if (by.some((name) => report.dimensions[name].type === "stage")) {
    for (let at = size - 2; at >= 0; at -= 1) occurs[at] |= occurs[at + 1];
  }
  return occurs;
}

/** What joined in each of the last full months, where they compare; nothing else has a past in the data. */
function spark(visual, view, values) {
  const { expression } = view.report.measures[visual.measure];
  if (expression.case !== "LastMonths" || (visual.compare && values[visual.compare] === null)) return null;
  const scope = scopeOf(visual, view, ["join_month"], [expression.of]);
  const found = evaluate(expression.of, scope);
  const places = new Map(view.report.dimensions.join_month.keys.map((key, place) => [key, place]));
  const end = fullMonthsEnd(view.report.refresh.as_of);
  const months = Array.from({ length: SPARK_MONTHS }, (_, at) => monthsBefore(end, SPARK_MONTHS - at));
  return { months, values: months.map((month) => found[places.get(month)] ?? 0) };
}
