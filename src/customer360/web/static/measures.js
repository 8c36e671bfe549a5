/**
 * Measures over a cube, by the same expressions that the server renders to SQL.
 *
 * An expression gives one value per group of the scope; null is no value. What cannot be computed here throws
 * `Unknown`: the server is asked instead.
 *
 * @typedef {{cube: Cube, report: Object, filters: Map, conditions: Array, by: Array, threshold: number}} Scope
 */

import { inGroups, select, sum } from "./cube.js";
import { maskOf, monthsBefore } from "./masks.js";

export class Unknown extends Error {}

const STAGES = "funnel_stage";

/** The values of *expression* in each group of *scope*. */
export function evaluate(expression, scope) {
  const compute = CASES[expression.case];
  if (!compute) throw new Unknown(expression.case);
  return compute(expression, scope);
}

/** The columns that *expression* reads. */
export function columnsOf(expression) {
  const { column, count, dimension, of, to } = expression;
  const own = { Missing: ["customers"], LastMonths: ["join_month"], OfStage: [STAGES] }[expression.case] ?? [];
  const parts = [of, to].filter(Boolean).flatMap(columnsOf);
  return [...own, column, count, dimension, ...parts].filter(Boolean);
}

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
    const [first, end] = [months + before, before].map((count) => monthsBefore(scope.report.refresh.as_of, count));
    return evaluate(
      of,
      where(scope, "join_month", (key) => key >= first && key < end),
    );
  },
  Ratio: ({ of, to }, scope) => {
    const below = evaluate(to, scope);
    return evaluate(of, scope).map((value, group) => ratio(value ?? 0, below[group]));
  },
  OfTotal: ({ of }, scope) => {
    const [whole] = evaluate(of, all(scope, inGroups(scope.rows, scope.groups)));
    return evaluate(of, scope).map((value) => (value === null ? null : ratio(value, whole)));
  },
  Everyone: ({ of }, scope) => {
    const [value] = evaluate(of, all(scope, select(scope.cube, new Map())));
    return new Array(scope.size).fill(value);
  },
  OfStage: ({ of, stage }, scope) => {
    if (scope.by.length !== 1 || scope.by[0] !== STAGES || scope.filters.has(STAGES)) throw new Unknown(STAGES);
    const reached = evaluate(of, scope);
    return reached.map((value, at) => ratio(value ?? 0, reached[stage === "first" ? 0 : Math.max(0, at - 1)]));
  },
};

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
