/**
 * Individual customers: the data the server sends, and the links to their pages.
 *
 * Only the type checker reads this file; it is not part of the page.
 */

import type { Cell, Format, Report, Value } from "./types.d.ts";

/** What a reader who may see people can open: saved audiences, and by visual the measures with a list. */
export interface People {
  audiences: string[];
  visuals: Record<string, string[]>;
}

/** The subject of a list: a mark of a visual, or the whole visual, counted by a measure; without a visual, the page. */
export interface Selection {
  /** The page of the clicked marks, if there is no visual. */
  page?: string;
  visual?: string;
  mark?: string;
  measure?: string;
}

/** An entry of the menu of a mark. */
export interface Entry {
  measure: string;
  text: string;
  /** The label of the measure. */
  label: string;
}

/** A link in the menu, with a second line. */
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

/** *rows* have a cell for each column; the first is the customer_id, as text. */
export interface Customers {
  columns: CustomerColumn[];
  rows: Cell[][];
}

export interface CustomerPage extends Customers {
  refresh: number;
  count: number;
  number: { label: string; value: Value; unit: string; format: Format } | null;
  said: { label: string; text: string }[];
  /** The filters that do not apply to this number. */
  ignored: string[];
  /** The start of the next page. */
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
  /** The number of earlier events. */
  more_events: number;
}

export interface Fact extends Omit<CustomerColumn, "sortable"> {
  value: Cell | boolean;
}

/** Columns of equal length, one entry per month with activity; empty without events. */
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

/** A page of customers: requested, drawn, and cached until new results are published. */
export interface CustomerScreen {
  name: string;
  title: string;
  /** The title of the window; never a name, which would enter the browser's history. */
  windowTitle: string;
  body: HTMLElement;
  /** The number of pages side by side. */
  count: 1;
  isWaiting: boolean;
  isFresh: boolean;
  /** Requests the data; returns the refresh it is from, if the answer contains it. */
  ask(signal: AbortSignal): Promise<number | null>;
  draw(report: Report): void;
  /** Draws what needs to be in the document. */
  settle(): void;
  /** Restores the reader's position. */
  opened(): void;
  wait(on: boolean): void;
  close(): void;
  resize(): void;
  recolour(): void;
  afterPaint(): void;
  print(on: boolean): void;
}

/** The content of the page. */
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
