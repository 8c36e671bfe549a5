/**
 * The data that travels: what the server sends, and what the page's modules hand to each other.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Chart } from "./charts.js";
import type { Expression } from "./expressions.d.ts";
import type { Frame } from "./frame.js";
import type { Page } from "./page.js";
import type { People } from "./customers.d.ts";
import type { Screen } from "./screen.js";

export type { Chart, Frame, Page, Screen };
export type * from "./cubes.d.ts";
export type * from "./expressions.d.ts";
export type * from "./customers.d.ts";
export type * from "./drawings.d.ts";

// --- the report's outline: web/outline.py ----------------------------------------------------------------------

export interface Report {
  name: string;
  /** The fewest customers whom a number may tell this reader of; 0 for any. */
  smallest: number;
  refresh: Refresh;
  slicers: Slicer[];
  /** Loyalty status -> the number of its colour. */
  statuses: Record<string, number>;
  /** The numbers that a reader sets, by name. */
  parameters: Record<string, Parameter>;
  measures: Record<string, Measure>;
  dimensions: Dimensions;
  /** Fact -> the dimensions that cut it. */
  facts: Record<string, string[]>;
  pages: PageDefinition[];
  /** Null where this reader may not see single customers. */
  people: People | null;
}

export interface Refresh {
  id: number;
  as_of: string;
  finished_at: string;
  source_table: string;
  source_kind: string;
  /** Null are so few that they are not said. */
  rows_out: Value;
  rows_rejected: Value;
  rows_not_yet_joined: Value;
}

/**
 * A number that a reader sets, from 0 to *most*, with *digits* decimals.
 *
 * A threshold over bands has their *edges*, and at each the first of the *bands* above it; whether it is *exact*
 * between two edges depends on the data.
 */
export interface Parameter {
  label: string;
  default: number;
  most: number;
  digits: number;
  edges: number[] | null;
  bands: number[] | null;
  exact: boolean;
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
  /** Of months of events: the first. */
  first?: string | null;
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

export interface PageDefinition {
  name: string;
  title: string;
  /** How many rows of the grid it takes. */
  rows: number;
  visuals: Visual[];
  cubes: CubeDefinition[];
}
export interface CubeDefinition {
  name: string;
  fact: string;
  columns: string[];
}

export type ChartKind = "donut" | "line" | "area" | "bar" | "column" | "histogram" | "treemap" | "flow";
export type HtmlKind = "card" | "kpi" | "heat_map" | "table" | "funnel" | "parameter" | "matrix";

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
  /** What is held against *compare*, where that is not *measure*. */
  compared: string | null;
  /** Of a flow: the measures stacked over zero, and those that hang below it. */
  above: string[];
  below: string[];
  /** The number that it depends on. */
  parameter: string | null;
  columns: { name: string; label: string }[];
  /** The columns of the source that it needs and the data does not have. */
  missing: string[];
  /** What to do about a table that is not there yet. */
  unavailable?: string | null;
  pickable: boolean;
  over_joining: boolean;
  /** Whether it tells of months in the past, of customers as they are today. */
  of_months: boolean;
  fact: string;
  /** Dimension -> the only keys it shows. */
  only: Record<string, Key[]>;
}

// --- the numbers of a page: web/answers.py, and local.js ---------------------------------------------------------

export interface Answer {
  refresh: number;
  /** Where small cells are left out: the fewest customers whom a number tells of. */
  smallest?: number;
  visuals: Record<string, Data>;
}

/** What a visual draws. */
export type Data = MissingData | UnavailableData | MarkData | SingleData | TableData;
export interface MissingData extends Without<"keys" | "labels" | "values" | "columns" | "below" | "withheld"> {
  missing: string[];
}
export interface UnavailableData
  extends Without<"missing" | "keys" | "labels" | "values" | "columns" | "below" | "withheld"> {
  unavailable: string;
}
/** Per measure the places of marks, 0 for a card, whose number is null as it tells of few customers. */
export type LeftOut = Record<string, number[]>;
interface MayLeaveOut {
  /** Counts that are 1 or more, and below the smallest. */
  below?: LeftOut;
  /** Everything else that is not said. */
  withheld?: LeftOut;
}
/** Columns of equal length, one entry per mark. */
export interface MarkData extends MayLeaveOut, Without<"missing" | "columns"> {
  keys: Record<string, Key[]>;
  labels: Record<string, string[]>;
  values: Record<string, Value[]>;
}
export interface SingleData extends MayLeaveOut, Without<"missing" | "keys" | "labels" | "columns"> {
  values: Record<string, Value>;
  /** What joined in each of the last months. */
  spark?: { months: string[]; values: Value[] } | null;
  /** What its parameter was set to, and the number used for it: of a threshold that may be the next edge. */
  x?: number;
  used?: number;
  /** The month that it tells of, and the earlier one that it is held against. */
  months?: Months | null;
  /** Why there is none. */
  reason?: string | null;
}
export interface Months {
  compared: string;
  compare: string;
}
export interface TableData extends Without<"missing" | "keys" | "labels" | "values" | "below" | "withheld"> {
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

// --- what a reader has chosen --------------------------------------------------------------------------------

/** A dimension, and which of its keys are kept. */
export type Filter = [dimension: string, keeps: Keeps];
export type Keeps = (key: Key) => boolean;

/** A page under the filters of an address. */
export interface View {
  report: Report;
  page: PageDefinition;
  /** The numbers that the reader has set, or their defaults. */
  parameters: Record<string, number>;
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

/** Two members of a dimension, side by side. */
export interface Comparison {
  dimension: string;
  members: [string, string];
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
  parameter(name: string, value: string | null, options: { replace: boolean }): void;
  compare(comparison: Comparison | null): void;
  clear(): void;
  remove(name: string, value: string): void;
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
