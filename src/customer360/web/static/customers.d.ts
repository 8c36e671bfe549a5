/**
 * Single customers: what the server sends of them, and what leads to their pages.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Cell, Format, Report, Value } from "./types.d.ts";

/** What a reader may see of people: saved audiences, and per visual its measures that have a list. */
export interface People {
  audiences: string[];
  visuals: Record<string, string[]>;
}

/** What a list is of: a mark of a visual, or all of it, counted by a measure; without a visual the whole page. */
export interface Selection {
  /** Where clicked marks are, where there is no visual. */
  page?: string;
  visual?: string;
  mark?: string;
  measure?: string;
}

/** An entry of the menu at a mark. */
export interface Entry {
  measure: string;
  text: string;
  /** What is counted. */
  label: string;
}

/** A link that the menu shows, with a second line. */
export interface Choice {
  text: string;
  label: string;
  address: string;
}

export interface CustomerColumn {
  name: string;
  label: string;
  format: Format | "text";
  sortable: boolean;
}

/** *rows*: a cell for each column, of which the first is the customer_id, as text. */
export interface Customers {
  columns: CustomerColumn[];
  rows: Cell[][];
}

export interface CustomerPage extends Customers {
  refresh: number;
  count: number;
  number: { label: string; value: Value; unit: string; format: Format } | null;
  said: { label: string; text: string }[];
  /** Filters that do not apply to this number. */
  ignored: string[];
  /** Where the next page begins. */
  next: string | null;
  sort: string;
  csv: string;
  command: string;
}

export interface Customer {
  customer_id: string;
  facts: Fact[];
  rank: { place: number; of: number; among: string; by: string } | null;
  moves: { month: string; from: string | null; to: string | null }[];
  months: CustomerMonths;
  events: CustomerEvent[];
  /** How many earlier ones there are. */
  more_events: number;
}

export interface Fact extends Omit<CustomerColumn, "sortable"> {
  value: Cell | boolean;
}

/** Columns of equal length, one entry per month in which something happened; without events none. */
export interface CustomerMonths {
  month?: string[];
  points?: Value[];
  earned?: Value[];
  redeemed?: Value[];
  expired?: Value[];
  orders?: Value[];
  amount?: Value[];
  logins?: Value[];
}

export interface CustomerEvent {
  occurred_at: string;
  kind: string;
  amount: Value;
  points: Value;
  loyalty_status: string | null;
}

/** A page of customers: asked for, drawn, and kept for the way back while nothing new is published. */
export interface CustomerScreen {
  name: string;
  title: string;
  /** What the window is called; never a name, which the browser would keep. */
  windowTitle: string;
  body: HTMLElement;
  /** How many pages stand side by side. */
  count: 1;
  isWaiting: boolean;
  isFresh: boolean;
  /** Returns the refresh that it shows, where the answer says so. */
  ask(signal: AbortSignal): Promise<number | null>;
  draw(report: Report): void;
  /** Draws what needs its place in the document. */
  settle(): void;
  /** Goes back to where the reader was in it. */
  opened(): void;
  wait(on: boolean): void;
  close(): void;
  resize(): void;
  recolour(): void;
  afterPaint(): void;
  print(on: boolean): void;
}

/** What fills the page. */
export interface Shown {
  name: string;
  body: HTMLElement;
  count: number;
  isWaiting: boolean;
  close(): void;
  resize(): void;
  recolour(): void;
  print(on: boolean): void;
}
