/**
 * The shapes of data: what the server sends, and what the page's modules pass to each other.
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
  /** The fewest customers a number may be about for this reader; 0 for no limit. */
  smallest: number;
  refresh: Refresh;
  slicers: Slicer[];
  /** Loyalty status -> number of its colour. */
  statuses: Record<string, number>;
  /** The numbers a reader can set, by name. */
  parameters: Record<string, Parameter>;
  measures: Record<string, Measure>;
  dimensions: Dimensions;
  /** Fact -> the dimensions that cut it. */
  facts: Record<string, string[]>;
  pages: PageDefinition[];
  /** Null if this reader may not see individual customers. */
  people: People | null;
}

export interface Refresh {
  id: number;
  as_of: string;
  finished_at: string;
  source_table: string;
  source_kind: string;
  /** Null if too few to be shown. */
  rows_out: Value;
  rows_rejected: Value;
  rows_not_yet_joined: Value;
}

/**
 * A number that a reader sets, from 0 to *most*, with *digits* decimals.
 *
 * A threshold over bands has their *edges*, and for each edge the first of the *bands* above it. Whether it is
 * *exact* between two edges depends on the data.
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

/** A member of a dimension: text, the first day of a month, or the number of a band, stage or year. */
export type Key = string | number;

/** Null means no value. */
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
  /** The members, in order. */
  keys: Key[];
  /** The labels of the keys, if they differ. */
  labels?: string[];
  /** For months of events: the first. */
  first?: string | null;
  /** For years: the months they group. */
  level_of?: "join_month";
  axis?: string;
  /** Whether it is an attribute of customers today, not when they joined. */
  of_today: boolean;
}

export type Slicer = MissingSlicer | MemberSlicer | MonthSlicer;
export interface MissingSlicer extends AnySlicer, Without<"members" | "first"> {
  missing: string[];
}
export interface MemberSlicer extends AnySlicer, Without<"missing" | "first"> {
  members: { key: Key; label: string }[];
}
/** *first* is null if there are no months. */
export interface MonthSlicer extends AnySlicer, Without<"missing" | "members"> {
  first: string | null;
  last?: string;
}
interface AnySlicer {
  dimension: string;
  label: string;
}

/** Excludes properties of the other types of a union, so that its types can be distinguished. */
type Without<Name extends string> = { [name in Name]?: undefined };

export type Format = "count" | "amount" | "decimal" | "percent" | "date";

export interface Measure {
  label: string;
  description: string;
  unit: string;
  format: Format;
  good: "up" | "down" | null;
  /** The measure that counts the customers this one excludes. */
  left_out: string | null;
  expression: Expression;
}

export interface PageDefinition {
  name: string;
  title: string;
  /** The number of rows of the grid. */
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
  /** The measure compared with *compare*, if it is not *measure*. */
  compared: string | null;
  /** For a flow: the measures stacked above and below zero. */
  above: string[];
  below: string[];
  /** The parameter it depends on. */
  parameter: string | null;
  columns: { name: string; label: string }[];
  /** The columns of the source it needs that are missing from the data. */
  missing: string[];
  /** The message for a missing table. */
  unavailable?: string | null;
  pickable: boolean;
  over_joining: boolean;
  /** Whether it shows months in the past, of customers as they are today. */
  of_months: boolean;
  fact: string;
  /** Dimension -> the only keys it shows. */
  only: Record<string, Key[]>;
}

// --- the numbers of a page: web/answers.py, and local.js ---------------------------------------------------------

export interface Answer {
  refresh: number;
  /** If small cells are suppressed: the fewest customers a number is about. */
  smallest?: number;
  visuals: Record<string, Data>;
}

/** The data of a visual. */
export type Data = MissingData | UnavailableData | MarkData | SingleData | TableData;
export interface MissingData extends Without<"keys" | "labels" | "values" | "columns" | "below" | "withheld"> {
  missing: string[];
}
export interface UnavailableData
  extends Without<"missing" | "keys" | "labels" | "values" | "columns" | "below" | "withheld"> {
  unavailable: string;
}
/** By measure, the indexes of marks whose number is suppressed and null; 0 for a card. */
export type LeftOut = Record<string, number[]>;
interface MayLeaveOut {
  /** Counts of at least 1 that are below the smallest. */
  below?: LeftOut;
  /** All other suppressed numbers. */
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
  /** Customers who joined in each of the last months. */
  spark?: { months: string[]; values: Value[] } | null;
  /** The parameter as set, and the number used: for a threshold, possibly the next edge. */
  x?: number;
  used?: number;
  /** The month shown, and the earlier month it is compared with. */
  months?: Months | null;
  /** Why there is no comparison. */
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

/** The state that the server reports at each change: web/watch.py. */
export interface ServerState {
  refresh: number | null;
  database: "ok" | "gone";
  /** Since when the database is unreachable, if it is. */
  since?: string;
}

// --- what a reader has chosen --------------------------------------------------------------------------------

/** A dimension, and which of its keys are selected. */
export type Filter = [dimension: string, keeps: Keeps];
export type Keeps = (key: Key) => boolean;

/** A page with the filters of a URL. */
export interface View {
  report: Report;
  page: PageDefinition;
  /** The numbers that the reader has set, or their defaults. */
  parameters: Record<string, number>;
  slicers: Filter[];
  /** Filters by clicked marks, with the visual in which they were clicked. */
  picks: { visual: string; filter: Filter }[];
  /** A cache shared by visuals with the same filters. */
  selected: Map<string, unknown>;
}

/** Both ends of a range of months as "YYYY-MM", empty where open. */
export interface MonthRange {
  from: string;
  to: string;
}

/** A filter with labels; *by* are its dimensions. */
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

/** The modifier keys of a click; with any of them, it adds to the picks. */
export interface Modifiers {
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

/** The actions of a reader; each leads to another URL. */
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

/** A running timer, or undefined. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/** A reader's position: the page and its parameters. */
export interface Place {
  page: string;
  parameters: URLSearchParams;
}

/** Answers other parameters, if the page can do so without the server. */
export type Ask = (parameters: URLSearchParams) => Answer | null;

export type Theme = "auto" | "light" | "dark";

/** Colours by name. */
export type Palette = Record<string, string>;
