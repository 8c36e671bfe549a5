/**
 * Measures over a cube, by the same expressions that the server renders to SQL.
 *
 * An expression gives one value per group of the scope; null is no value. What cannot be computed here throws
 * `Unknown`: the server is asked instead.
 *
 * @typedef {{cube: Cube, report: Object, filters: Map, conditions: Array, by: Array, threshold: number}} Scope
 */

import { inGroups, outside, sum } from "./cube.js";
import { fullMonthsEnd, maskOf, monthsBefore, ordinal } from "./masks.js";

export class Unknown extends Error {}

const STAGES = "funnel_stage";
const SINCE = "months_since";

/** The values of *expression* in each group of *scope*. */
export function evaluate(expression, scope) {
  const compute = CASES[expression.case];
  if (!compute) throw new Unknown(expression.case);
  return compute(expression, scope);
}

/** The columns that *expression* reads. */
export function columnsOf(expression) {
  const { column, count, dimension, of, to } = expression;
  const own = OWN_COLUMNS[expression.case] ?? [];
  const parts = [of, to].filter(Boolean).flatMap(columnsOf);
  return [...own, column, count, dimension, ...parts].filter(Boolean);
}

const OWN_COLUMNS = {
  Missing: ["customers"],
  LastMonths: ["join_month"],
  Comparable: ["join_month"],
  Observed: ["join_month", SINCE],
  OfStage: [STAGES],
};

const CASES = {
  Sum: ({ column }, scope) => total(scope, column),
  Missing: ({ count }, scope) => total(scope, "customers", count),
  Where: ({ of, dimension, member }, scope) =>
    evaluate(
      of,
      where(scope, dimension, (key) => key === member),
    ),
  Above: ({ of, dimension }, scope) => {
    const { edges, bands } = scope.report.parameter;
    const at = edges.findIndex((edge) => edge >= scope.threshold);
    const first = bands.at(at);
    return evaluate(
      of,
      where(scope, dimension, (key) => key >= first),
    );
  },
  LastMonths: ({ of, months, before }, scope) => {
    const isIn = lastMonths(scope, months, before);
    return evaluate(of, where(scope, "join_month", isIn));
  },
  Comparable: ({ of, months }, scope) => {
    const values = evaluate(of, scope);
    return isComparable(scope, months) ? values.map((value) => value ?? 0) : values.map(() => null);
  },
  Observed: ({ of, months }, scope) => {
    const behind = fullMonths(scope);
    const { keys } = scope.report.dimensions[SINCE];
    const isObserved = (group) => keys[group % keys.length] + months <= behind[Math.floor(group / keys.length)];
    return evaluate(of, scope).map((value, group) => (isObserved(group) ? value : null));
  },
  Ratio: ({ of, to }, scope) => {
    const below = evaluate(to, scope);
    return evaluate(of, scope).map((value, group) => ratio(value ?? 0, below[group]));
  },
  OfTotal: ({ of }, scope) => {
    const [whole] = evaluate(of, all(scope, inGroups(scope.rows, scope.groups)));
    return evaluate(of, scope).map((value) => (value === null ? null : ratio(value, whole)));
  },
  Others: ({ of }, scope) => {
    const [value] = evaluate(of, all(scope, outside(scope.cube, scope.filters)));
    return new Array(scope.size).fill(value);
  },
  OfStage: ({ of, stage }, scope) => {
    if (scope.by.length !== 1 || scope.by[0] !== STAGES || scope.filters.has(STAGES)) throw new Unknown(STAGES);
    const reached = evaluate(of, scope);
    return reached.map((value, at) => ratio(value ?? 0, reached[stage === "first" ? 0 : Math.max(0, at - 1)]));
  },
};

/** Whether a month is one of the last *months* full ones, or of as many that ended *before* months earlier. */
function lastMonths({ report }, months, before) {
  const full = fullMonthsEnd(report.refresh.as_of);
  const [first, end] = [months + before, before].map((count) => monthsBefore(full, count));
  return (month) => month >= first && month < end;
}

/** Whether no filter is by what customers are today, and data and filters hold all the last *months*. */
function isComparable(scope, months) {
  const { filters, report } = scope;
  if ([...filters.keys()].some((name) => report.dimensions[name].of_today)) return false;
  const mask = filters.get("join_month");
  const isIn = lastMonths(scope, months, 0);
  const kept = report.dimensions.join_month.keys.filter((month, code) => isIn(month) && (!mask || mask[code]));
  return kept.length === months;
}

/** Per row of cohorts how many full months its newest one has behind it: each cohort has a month 0. */
function fullMonths({ cube, report, filters, by, rows, groups, size }) {
  const { keys } = report.dimensions[SINCE];
  const mask = filters.get(SINCE);
  if (by.at(-1) !== SINCE || (mask && !mask[keys.indexOf(0)])) throw new Unknown(SINCE);
  const months = report.dimensions.join_month.keys.map(ordinal);
  const joined = cube.columns.join_month.values;
  const newest = new Array(size / keys.length).fill(0);
  groups.forEach((group, at) => {
    const line = Math.floor(group / keys.length);
    if (group >= 0) newest[line] = Math.max(newest[line], months[joined[rows[at]]]);
  });
  const end = ordinal(fullMonthsEnd(report.refresh.as_of));
  return newest.map((month) => end - month - 1);
}

const ratio = (of, to) => (to ? of / to : null);

const where = (scope, dimension, keeps) => ({
  ...scope,
  conditions: [...scope.conditions, maskOf(scope.report, dimension, keeps)],
});

const all = (scope, rows) => ({ ...scope, by: [], rows, groups: new Int32Array(rows.length), size: 1 });

/** Stages contain each other: who reached the third reached the first. */
function total(scope, plus, minus) {
  const found = sum(scope.cube, scope, plus, minus, scope.conditions);
  if (!scope.by.includes(STAGES)) return found;
  for (let at = found.length - 2; at >= 0; at -= 1) {
    if (found[at + 1] !== null) found[at] = (found[at] ?? 0) + found[at + 1];
  }
  return found;
}
