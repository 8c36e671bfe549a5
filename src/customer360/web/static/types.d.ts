/**
 * The data that travels: what the server sends, and what the page's modules hand to each other.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Chart } from "./charts.js";
import type { Frame } from "./frame.js";
import type { Page } from "./page.js";

export type { Chart, Frame, Page };

// --- the report's outline: web/outline.py ----------------------------------------------------------------------

export interface Report {
  name: string;
  refresh: Refresh;
  slicers: Slicer[];
  /** Loyalty status -> the number of its colour. */
  statuses: Record<string, number>;
  /** X: *edges* are the steps it stands on, *bands* those that end there. */
  parameter: { name: string; label: string; edges: number[]; bands: number[]; default: number };
  measures: Record<string, Measure>;
  dimensions: Dimensions;
  /** Fact -> the dimensions that cut it. */
  facts: Record<string, string[]>;
  pages: PageDefinition[];
}

export interface Refresh {
  id: number;
  as_of: string;
  finished_at: string;
  source_table: string;
  source_kind: string;
  rows_out: number;
  rows_rejected: number;
  rows_not_yet_joined: number;
}

/** A member of a dimension: text, the first day of a month, or the number of a band, a stage or a year. */
export type Key = string | number;

/** Null is no value. */
export type Value = number | null;

export interface Dimensions {
  [name: string]: Dimension;
  join_month: MonthDimension;
  months_since: NumberDimension;
}
interface MonthDimension extends Dimension {
  keys: string[];
}
interface NumberDimension extends Dimension {
  keys: number[];
}
export interface Dimension {
  label: string;
  type: "status" | "month" | "band" | "stage" | "year" | "text" | "number";
  /** Its members, in their order. */
  keys: Key[];
  /** How the keys are written, where not as they are. */
  labels?: string[];
  /** Of years: the months they group. */
  level_of?: "join_month";
  axis?: string;
  /** Whether it says what a customer is today, not when they joined. */
  of_today: boolean;
}

export type Slicer = MissingSlicer | MemberSlicer | MonthSlicer;
export interface MissingSlicer extends AnySlicer, Without<"members" | "first"> {
  missing: string[];
}
export interface MemberSlicer extends AnySlicer, Without<"missing" | "first"> {
  members: { key: Key; label: string }[];
}
/** *first* is null where nobody has a month. */
export interface MonthSlicer extends AnySlicer, Without<"missing" | "members"> {
  first: string | null;
  last?: string;
}
interface AnySlicer {
  dimension: string;
  label: string;
}

/** What others of a union have: so each can be told by what it has. */
type Without<Name extends string> = { [name in Name]?: undefined };

export type Format = "count" | "amount" | "decimal" | "percent" | "date";

export interface Measure {
  label: string;
  description: string;
  unit: string;
  format: Format;
  good: "up" | "down" | null;
  /** The measure that counts whom this one cannot speak for. */
  left_out: string | null;
  expression: Expression;
}

/** How a measure is computed: the cases of report/expressions.py. */
export type Expression =
  | Sum | Missing | Where | Above | Ratio | OfTotal | Others | LastMonths | Comparable | Observed | OfStage | Latest;

/** *zero*: whether no rows are 0, as of a count; else they are no value. */
interface AnyExpression {
  zero: boolean;
}
export interface Sum extends AnyExpression { case: "Sum"; column: string }
export interface Missing extends AnyExpression { case: "Missing"; count: string }
export interface Where extends AnyExpression { case: "Where"; of: Expression; dimension: string; member: string }
export interface Above extends AnyExpression { case: "Above"; of: Expression; dimension: string }
export interface Ratio extends AnyExpression { case: "Ratio"; of: Expression; to: Expression }
export interface OfTotal extends AnyExpression { case: "OfTotal"; of: Expression }
export interface Others extends AnyExpression { case: "Others"; of: Expression }
export interface LastMonths extends AnyExpression {
  case: "LastMonths";
  of: Expression;
  months: number;
  before: number;
}
export interface Comparable extends AnyExpression { case: "Comparable"; of: Expression; months: number }
export interface Observed extends AnyExpression { case: "Observed"; of: Expression; months: number }
export interface OfStage extends AnyExpression { case: "OfStage"; of: Expression; stage: "first" | "previous" }
export interface Latest extends AnyExpression { case: "Latest"; column: string; total: boolean }

export interface PageDefinition {
  name: string;
  title: string;
  visuals: Visual[];
  cubes: CubeDefinition[];
}
export interface CubeDefinition {
  name: string;
  fact: string;
  columns: string[];
}

export type ChartKind = "donut" | "line" | "area" | "bar" | "column" | "histogram" | "treemap";
export type HtmlKind = "card" | "kpi" | "heat_map" | "table" | "funnel" | "parameter";

export interface Visual {
  name: string;
  kind: ChartKind | HtmlKind;
  title: string;
  definition: string;
  /** Cells of the page's grid of 12 columns. */
  place: { column: number; row: number; width: number; height: number };
  measure: string;
  /** Further measures, for the tooltip. */
  more: string[];
  by: string[];
  compare: string | null;
  columns: { name: string; label: string }[];
  /** The columns of the source that it needs and the data does not have. */
  missing: string[];
  pickable: boolean;
  over_joining: boolean;
  fact: string;
  /** Dimension -> the only keys it shows. */
  only: Record<string, Key[]>;
}

// --- the numbers of a page: web/answers.py, and local.js ---------------------------------------------------------

export interface Answer {
  refresh: number;
  visuals: Record<string, Data>;
}

/** What a visual draws. */
export type Data = MissingData | MarkData | SingleData | TableData;
export interface MissingData extends Without<"keys" | "labels" | "values" | "columns"> {
  missing: string[];
}
/** Columns of equal length, one entry per mark. */
export interface MarkData extends Without<"missing" | "columns"> {
  keys: Record<string, Key[]>;
  labels: Record<string, string[]>;
  values: Record<string, Value[]>;
}
export interface SingleData extends Without<"missing" | "keys" | "labels" | "columns"> {
  values: Record<string, Value>;
  /** What joined in each of the last months. */
  spark?: { months: string[]; values: Value[] } | null;
  /** Of the visual that sets it. */
  x?: number;
}
export interface TableData extends Without<"missing" | "keys" | "labels" | "values"> {
  columns: Record<string, Cell[]>;
}
export type Cell = string | number | null;

/** What the server tells whenever it changes: web/watch.py. */
export interface ServerState {
  refresh: number | null;
  database: "ok" | "gone";
  /** When the database was last there, where it is gone. */
  since?: string;
}

// --- cubes: web/cubes.py -----------------------------------------------------------------------------------------

/** A table of the results in the page: codes of dimensions, and sums as whole numbers, *scale* of them in one. */
export interface Cube {
  rows: number;
  columns: Record<string, { values: Numbers; scale: number }>;
}
export type Numbers = Uint8Array | Uint16Array | Int32Array | Float64Array;

/** What stands before the columns of a cube. */
export interface CubeHeader {
  rows: number;
  columns: { name: string; type: "uint8" | "uint16" | "int32" | "float64"; scale: number }[];
}

/** Per code of a column whether it is kept: 1 or 0. */
export type Mask = Uint8Array;
export type ColumnMask = [column: string, mask: Mask];
export type Masks = Map<string, Mask>;

/** The rows that are computed with, and per row its group, -1 for none, of *size* groups. */
export interface Grouped {
  rows: Int32Array;
  groups: Int32Array;
  size: number;
}

/** What an expression is evaluated in. */
export interface Scope extends Grouped {
  cube: Cube;
  report: Report;
  /** X. */
  threshold: number;
  /** The reader's filters, which *rows* pass. */
  filters: Masks;
  /** Further ones, of the expressions around. */
  conditions: ColumnMask[];
  /** The dimensions that groups are made of, the last running fastest. */
  by: string[];
}

// --- what a reader has chosen --------------------------------------------------------------------------------

/** A dimension, and which of its keys are kept. */
export type Filter = [dimension: string, keeps: Keeps];
export type Keeps = (key: Key) => boolean;

/** A page under the filters of an address. */
export interface View {
  report: Report;
  page: PageDefinition;
  threshold: number;
  slicers: Filter[];
  /** Filters by clicked marks, with the visual they were clicked in. */
  picks: { visual: string; filter: Filter }[];
  /** What visuals with the same filters share. */
  selected: Map<string, unknown>;
}

/** Both ends of a range of months as "YYYY-MM", empty where open. */
export interface MonthRange {
  from: string;
  to: string;
}

/** A filter as a reader names it; *by* are the dimensions it is on. */
export interface NamedFilter {
  name: string;
  value: string;
  by: string[];
  label: string;
  member: string;
  text: string;
}

/** The keys of a click: with one of them it adds to what is picked. */
export interface Modifiers {
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

/** What a reader can do; each leads to another address. */
export interface Actions {
  open(page: string): void;
  pick(visual: string, mark: string, how: { adding: boolean; alone: boolean }): void;
  member(dimension: string, key: string, chosen: boolean): void;
  range(dimension: string, ends: MonthRange): void;
  threshold(name: string, value: string | null, options: { replace: boolean }): void;
  clear(): void;
  remove(name: string, value: string): void;
}

// --- what a visual draws -----------------------------------------------------------------------------------------

/** One mark, whatever the kind of visual; charts, tooltips, table views and files all start from these. */
export interface Row {
  mark: string;
  keys: Key[];
  names: string[];
  value: Value;
  values: Record<string, Value>;
  /** What it was before a mark was clicked elsewhere. */
  whole?: Value;
  /** Whether nobody of it is left. */
  isGhost?: boolean;
}

/** The inside of a frame. Each kind of visual knows which data it is given. */
export interface Drawing {
  body: HTMLElement;
  update(frame: Frame): void;
  afterPaint?(frame: Frame): void;
  measure?(): void;
  resize?(frame: Frame): void;
  recolour?(frame: Frame): void;
  print?(on: boolean): void;
  picture?(scale: number): HTMLCanvasElement | undefined;
  leave?(): void;
}

/** A frame whose visual draws data of one kind. */
export type FrameOf<D extends Data> = Omit<Frame, "data"> & { data: D };

/** The module that draws on a canvas; it is fetched while the first page is asked for. */
export interface Charts {
  chart(frame: Frame): Chart;
}

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

/** What options of the charting library are made from. */
export interface ChartView {
  visual: Visual;
  rows: Row[];
  picks: Set<string>;
  report: Report;
  size: Size;
  /** The tile that the library has made for its row *at*. */
  roomOf(at: number): Size;
}

/** *sameMembers*, *sameGhosts*: whether only values have changed since the last time. */
export interface ChartChange extends ChartView {
  sameMembers: boolean;
  sameGhosts: boolean;
}

/** What the charting library is told; its own types are larger than the page. */
export type Options = Record<string, unknown>;

/** What a visual shows, as rows and columns: for the table view and the file. */
export interface Sheet {
  columns: { label: string; name: string; format: Format | null }[];
  rows: { mark: string; cells: SheetCell[] }[];
}
export interface SheetCell {
  value: Cell | undefined;
  text: string;
}

/** A timer that runs, or none. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/** Where a reader is. */
export interface Place {
  page: string;
  parameters: URLSearchParams;
}

/** What the page would show at other parameters, where it knows without the server. */
export type Ask = (parameters: URLSearchParams) => Answer | null;

export type Theme = "auto" | "light" | "dark";

/** Colours by name. */
export type Palette = Record<string, string>;
