/**
 * Computes measures over a cube, by the same expressions that the server renders to SQL.
 *
 * An expression returns one value per group of the scope; null means no value. An expression that cannot be computed
 * here throws `Unknown`, and the server is asked instead.
 */

import { rowsInGroups, selectOutside, sum } from "./cube.js";
import { fullMonthsEnd, maskOf, monthsBefore, ordinal } from "./masks.js";

/**
 * @import {
 *   Above, Expression, Keeps, LastMonths, Less, Observed, OfStage, OfTotal, Others, Scope, Times, Value, Where,
 * } from "./types.d.ts"
 */

export class Unknown extends Error {}

const STAGES = "funnel_stage";
const SINCE = "months_since";

/** The values of *expression* in each group of *scope*. @type {(expression: Expression, scope: Scope) => Value[]} */
export function evaluate(expression, scope) {
  switch (expression.case) {
    case "Sum":
      return total(scope, expression.column);
    case "Missing":
      return total(scope, "customers", expression.count);
    case "Where":
      return evaluate(expression.of, onlyMember(expression, scope));
    case "Above":
      return evaluate(expression.of, onlyAbove(expression, scope));
    case "LastMonths":
      return evaluate(expression.of, onlyLastMonths(expression, scope));
    case "Times":
      return times(expression, scope);
    case "Observed":
      return observed(expression, scope);
    case "Ratio":
      return ratios(evaluate(expression.of, scope), evaluate(expression.to, scope));
    case "OfTotal":
      return ofTotal(expression, scope);
    case "Others":
      return others(expression, scope);
    case "OfStage":
      return ofStage(expression, scope);
    case "Less":
      return less(expression, scope);
    case "Known":
    case "MonthBefore":
    case "Cumulative":
    case "LastClosedMonth":
    case "MeanPerMonth":
    case "Latest":
      throw new Unknown(expression.case); // needs tables that the page does not have
    default:
      return unheardOf(expression);
  }
}

/**
 * Unreachable for the type checker, but a newer server may send an unknown case.
 * @type {(expression: never) => never}
 */
function unheardOf(expression) {
  throw new Unknown(JSON.stringify(expression));
}

/** The columns that *expression* reads. @type {(expression: Expression) => string[]} */
export const columnsOf = (expression) => [...ownColumns(expression), ...partsOf(expression).flatMap(columnsOf)];

/** The parts of *expression*. @type {(expression: Expression) => Expression[]} */
export function partsOf(expression) {
  switch (expression.case) {
    case "Sum":
    case "Missing":
    case "Latest":
      return [];
    case "Ratio":
      return [expression.of, expression.to];
    case "Less":
      return [expression.of, ...expression.less];
    default:
      return [expression.of];
  }
}

/** @type {(expression: Expression) => string[]} */
function ownColumns(expression) {
  switch (expression.case) {
    case "Sum":
    case "Known":
    case "Latest":
      return [expression.column];
    case "Missing":
      return ["customers", expression.count];
    case "Where":
    case "Above":
      return [expression.dimension];
    case "LastMonths":
      return ["join_month"];
    case "Observed":
      return ["join_month", SINCE];
    case "OfStage":
      return [STAGES];
    case "MonthBefore":
    case "Cumulative":
    case "LastClosedMonth":
    case "MeanPerMonth":
      return ["activity_month"];
    case "Ratio":
    case "OfTotal":
    case "Others":
    case "Less":
    case "Times":
      return [];
    default:
      return unheardOf(expression);
  }
}

/** @type {(expression: Where, scope: Scope) => Scope} */
const onlyMember = ({ dimension, member }, scope) => withCondition(scope, dimension, (key) => key === member);

/**
 * The bands entirely above X. Between two edges, only the server may have the exact values.
 * @type {(expression: Above, scope: Scope) => Scope}
 */
function onlyAbove({ dimension, parameter }, scope) {
  const { edges, bands, exact } = scope.report.parameters[parameter];
  const x = scope.parameters[parameter];
  if (!edges || !bands || (exact && !edges.includes(x))) throw new Unknown(parameter);
  const first = bands.at(edges.findIndex((edge) => edge >= x)) ?? Infinity;
  return withCondition(scope, dimension, (key) => Number(key) >= first);
}

/** @type {(expression: LastMonths, scope: Scope) => Scope} */
const onlyLastMonths = ({ months, before }, scope) =>
  withCondition(scope, "join_month", lastMonths(scope, months, before));

/** @type {(expression: Times, scope: Scope) => Value[]} */
function times({ of, parameter }, scope) {
  return evaluate(of, scope).map((value) => (value === null ? null : value * scope.parameters[parameter]));
}

/** @type {(expression: Observed, scope: Scope) => Value[]} */
function observed({ of, months }, scope) {
  const behind = fullMonths(scope);
  const { keys } = scope.report.dimensions[SINCE];
  /** @type {(group: number) => boolean} */
  const isObserved = (group) => keys[group % keys.length] + months <= behind[Math.floor(group / keys.length)];
  return evaluate(of, scope).map((value, group) => (isObserved(group) ? value : null));
}

/** @type {(expression: OfTotal, scope: Scope) => Value[]} */
function ofTotal({ of }, scope) {
  const [whole] = evaluate(of, ungrouped(scope, rowsInGroups(scope.rows, scope.groups)));
  return evaluate(of, scope).map((value) => (value === null ? null : ratio(value, whole)));
}

/** @type {(expression: Others, scope: Scope) => Value[]} */
function others({ of }, scope) {
  const [value] = evaluate(of, ungrouped(scope, selectOutside(scope.cube, scope.filters)));
  return Array.from({ length: scope.size }, () => value);
}

/** @type {(expression: OfStage, scope: Scope) => Value[]} */
function ofStage({ of, stage }, scope) {
  if (scope.by.length !== 1 || scope.by[0] !== STAGES || scope.filters.has(STAGES)) throw new Unknown(STAGES);
  const reached = evaluate(of, scope);
  return reached.map((value, at) => ratio(value ?? 0, reached[stage === "first" ? 0 : Math.max(0, at - 1)]));
}

/** A difference in which missing values count as 0. @type {(expression: Less, scope: Scope) => Value[]} */
function less({ of, less: taken }, scope) {
  const parts = taken.map((one) => evaluate(one, scope));
  return evaluate(of, scope).map((value, group) =>
    parts.reduce((left, values) => left - (values[group] ?? 0), value ?? 0),
  );
}

/**
 * Whether a month is one of the last *months* full months, or of as many that ended *before* months earlier.
 * @type {(scope: Scope, months: number, before: number) => Keeps}
 */
function lastMonths({ report }, months, before) {
  const full = fullMonthsEnd(report.refresh.as_of);
  const [first, end] = [months + before, before].map((count) => monthsBefore(full, count));
  return (month) => month >= first && month < end;
}

/**
 * For each row of cohorts, the number of full months since its newest cohort; each cohort has a month 0.
 * @type {(scope: Scope) => number[]}
 */
function fullMonths({ cube, report, filters, by, rows, groups, size }) {
  const { keys } = report.dimensions[SINCE];
  const mask = filters.get(SINCE);
  if (by.at(-1) !== SINCE || (mask && !mask[keys.indexOf(0)])) throw new Unknown(SINCE);
  const months = report.dimensions.join_month.keys.map(ordinal);
  const joined = cube.columns.join_month.values;
  const newest = Array.from({ length: size / keys.length }, () => 0);
  groups.forEach((group, at) => {
    const line = Math.floor(group / keys.length);
    if (group >= 0) newest[line] = Math.max(newest[line], months[joined[rows[at]]]);
  });
  const end = ordinal(fullMonthsEnd(report.refresh.as_of));
  return newest.map((month) => end - month - 1);
}

/** @type {(of: number, to: Value) => Value} */
const ratio = (of, to) => (to ? of / to : null);

/**
 * A missing numerator counts as 0; a missing or zero denominator gives no value.
 * @type {(of: Value[], to: Value[]) => Value[]}
 */
const ratios = (of, to) => of.map((value, group) => ratio(value ?? 0, to[group]));

/** @type {(scope: Scope, dimension: string, keeps: Keeps) => Scope} */
const withCondition = (scope, dimension, keeps) => ({
  ...scope,
  conditions: [...scope.conditions, maskOf(scope.report, dimension, keeps)],
});

/** @type {(scope: Scope, rows: Int32Array) => Scope} */
const ungrouped = (scope, rows) => ({ ...scope, by: [], rows, groups: new Int32Array(rows.length), size: 1 });

/**
 * The totals of stages, which contain each other: customers in the third stage also count in the first.
 * @type {(scope: Scope, plus: string, minus?: string) => Value[]}
 */
function total(scope, plus, minus) {
  const found = sum(scope.cube, scope, plus, minus, scope.conditions);
  if (!scope.by.includes(STAGES)) return found;
  for (let at = found.length - 2; at >= 0; at -= 1) {
    const reached = found[at + 1];
    if (reached !== null) found[at] = (found[at] ?? 0) + reached;
  }
  return found;
}
