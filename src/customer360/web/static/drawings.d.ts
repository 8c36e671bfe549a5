/**
 * What a visual draws: its marks, its drawing, and the options of the charting library.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Chart } from "./charts.js";
import type { Frame } from "./frame.js";
import type { Cell, Data, Format, Key, Report, Value, Visual } from "./types.d.ts";

/** By measure. */
export type Signs = Record<string, string>;

/** One mark, whatever the kind of visual; charts, tooltips, table views and files all start from these. */
export interface Row {
  mark: string;
  keys: Key[];
  names: string[];
  value: Value;
  values: Record<string, Value>;
  /** What stands in place of a value that is left out. */
  signs: Signs;
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
  /** The mark at a point of a canvas. */
  rowFrom?(point: Point): Row | undefined;
  leave?(): void;
}

/** A frame whose visual draws data of one kind. */
export type FrameOf<D extends Data> = Omit<Frame, "data"> & { data: D };

/** The module that draws on a canvas; it is fetched while the first page is asked for. */
export interface Charts {
  chart(frame: Frame): Chart;
}

/** In pixels of the window. */
export interface Point {
  clientX: number;
  clientY: number;
}

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

/** The lowest and the highest value that an axis must hold. */
export type Extent = [low: number, high: number];

/** What options of the charting library are made from. */
export interface ChartView {
  /** Where another chart must have the same axis. */
  extent: Extent | null;
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
