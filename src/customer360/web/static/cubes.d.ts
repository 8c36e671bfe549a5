/**
 * Tables of the results in the page, and the scope in which expressions are evaluated: web/cubes.py.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Report } from "./types.d.ts";

/** A table of the results in the page: codes of dimensions, and sums as whole numbers, multiplied by *scale*. */
export interface Cube {
  rows: number;
  columns: Record<string, { values: Numbers; scale: number }>;
}
export type Numbers = Uint8Array | Uint16Array | Int32Array | Float64Array;

/** The header before the columns of a cube. */
export interface CubeHeader {
  rows: number;
  columns: { name: string; type: "uint8" | "uint16" | "int32" | "float64"; scale: number }[];
}

/** For each code of a column, whether it is selected: 1 or 0. */
export type Mask = Uint8Array;
export type ColumnMask = [column: string, mask: Mask];
export type Masks = Map<string, Mask>;

/** The rows to compute with, and the group of each row, -1 for none, of *size* groups. */
export interface Grouped {
  rows: Int32Array;
  groups: Int32Array;
  size: number;
}

/** The scope in which an expression is evaluated. */
export interface Scope extends Grouped {
  cube: Cube;
  report: Report;
  /** The numbers that the reader has set, or their defaults. */
  parameters: Record<string, number>;
  /** The reader's filters; *rows* pass them. */
  filters: Masks;
  /** Further filters, from the enclosing expressions. */
  conditions: ColumnMask[];
  /** The dimensions that form the groups, the last varying fastest. */
  by: string[];
}
