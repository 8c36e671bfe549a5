/** How a measure is computed. Only the type checker reads this file; it is not part of the page. */

import type { Key } from "./types.d.ts";

/** How a measure is computed: the cases of report/expressions.py. */
export type Expression =
  | Sum | Missing | Where | Above | Ratio | OfTotal | Others | LastMonths | Observed | OfStage | Latest | Times
  | Known | Less | MonthBefore | Cumulative | LastClosedMonth | MeanPerMonth;

/** *zero*: whether the value without rows is 0, as for a count, or missing. */
interface AnyExpression {
  zero: boolean;
}
export interface Sum extends AnyExpression { case: "Sum"; column: string }
export interface Missing extends AnyExpression { case: "Missing"; count: string }
export interface Where extends AnyExpression { case: "Where"; of: Expression; dimension: string; member: Key }
export interface Above extends AnyExpression {
  case: "Above";
  of: Expression;
  dimension: string;
  parameter: string;
}
export interface Times extends AnyExpression { case: "Times"; of: Expression; parameter: string }
export interface Ratio extends AnyExpression { case: "Ratio"; of: Expression; to: Expression }
export interface OfTotal extends AnyExpression { case: "OfTotal"; of: Expression }
export interface Others extends AnyExpression { case: "Others"; of: Expression }
export interface LastMonths extends AnyExpression {
  case: "LastMonths";
  of: Expression;
  months: number;
  before: number;
}
export interface Observed extends AnyExpression { case: "Observed"; of: Expression; months: number }
export interface OfStage extends AnyExpression { case: "OfStage"; of: Expression; stage: "first" | "previous" }
export interface Known extends AnyExpression { case: "Known"; of: Expression; column: string }
export interface Less extends AnyExpression { case: "Less"; of: Expression; less: Expression[] }
export interface MonthBefore extends AnyExpression { case: "MonthBefore"; of: Expression }
export interface Cumulative extends AnyExpression { case: "Cumulative"; of: Expression }
export interface LastClosedMonth extends AnyExpression { case: "LastClosedMonth"; of: Expression; before: number }
export interface MeanPerMonth extends AnyExpression { case: "MeanPerMonth"; of: Expression }
export interface Latest extends AnyExpression { case: "Latest"; column: string; total: boolean }
