/**
 * The marks of a visual, its drawing, and the options of the charting library.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Chart } from "./charts.js";
import type { Frame } from "./frame.js";
import type { Cell, Data, Format, Key, Report, Value, Visual } from "./types.d.ts";

/** Signs by measure. */
export type Signs = Record<string, string>;

/** One mark of any kind of visual; charts, tooltips, table views and files all use it. */
export interface Row {
  mark: string;
  keys: Key[];
  names: string[];
  value: Value;
  values: Record<string, Value>;
  /** The signs that replace suppressed values. */
  signs: Signs;
  /** The value before a mark was clicked elsewhere. */
  whole?: Value;
  /** Whether the filters leave no customers of it. */
  isGhost?: boolean;
}

/** The inside of a frame. Each kind of visual has its own kind of data. */
export interface Drawing {
  body: HTMLElement;
  update(frame: Frame): void;
  afterPaint?(frame: Frame): void;
  measure?(): void;
  resize?(frame: Frame): void;
  recolour?(frame: Frame): void;
  print?(on: boolean): void;
  picture?(scale: number): HTMLCanvasElement | undefined;
  /** The mark at a point of a canvas. */
  rowFrom?(point: Point): Row | undefined;
  leave?(): void;
}

/** A frame whose visual draws data of one kind. */
export type FrameOf<D extends Data> = Omit<Frame, "data"> & { data: D };

/** The module that draws on a canvas; it is fetched while the first page is requested. */
export interface Charts {
  chart(frame: Frame): Chart;
}

/** A position in pixels of the window. */
export interface Point {
  clientX: number;
  clientY: number;
}

/** A size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** The lowest and highest value that an axis must include. */
export type Extent = [low: number, high: number];

/** The input for the options of the charting library. */
export interface ChartView {
  /** Set if another chart must have the same axis. */
  extent: Extent | null;
  visual: Visual;
  rows: Row[];
  picks: Set<string>;
  report: Report;
  size: Size;
  /** The size of the library's tile for row *at*. */
  roomOf(at: number): Size;
}

/** *sameMembers*, *sameGhosts*: whether only values have changed since the last update. */
export interface ChartChange extends ChartView {
  sameMembers: boolean;
  sameGhosts: boolean;
}

/** Options of the charting library, whose own types are larger than the page. */
export type Options = Record<string, unknown>;

/** The content of a visual as rows and columns, for the table view and the file. */
export interface Sheet {
  columns: { label: string; name: string; format: Format | null }[];
  rows: { mark: string; cells: SheetCell[] }[];
}
export interface SheetCell {
  value: Cell | undefined;
  text: string;
}
