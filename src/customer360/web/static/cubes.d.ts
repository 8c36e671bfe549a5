/**
 * Tables of the results in the page, and what expressions are evaluated in: web/cubes.py.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Report } from "./types.d.ts";

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
  /** The numbers that the reader has set, or their defaults. */
  parameters: Record<string, number>;
  /** The reader's filters, which *rows* pass. */
  filters: Masks;
  /** Further ones, of the expressions around. */
  conditions: ColumnMask[];
  /** The dimensions that groups are made of, the last running fastest. */
  by: string[];
}
