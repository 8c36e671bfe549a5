/** Single customers: what the addresses of their pages say, and what leads to them. */

import { COMPARE } from "./compare.js";
import * as format from "./format.js";
import { addressOf, queryOf, withoutPicks, withValue } from "./state.js";
import { measuresOfMarks } from "./view.js";

/**
 * @import {
 *   Customer, CustomerColumn, CustomerPage, Entry, Measure, Report, Selection, Value, Visual,
 * } from "./types.d.ts"
 */

export const LIST = "customers";
const SINCE_JOINING = "months_since"; // each mark counts the same customers at another age
const SELECTION = ["page", "visual", "mark", "measure"];
const OWN = new Set([...SELECTION, "audience", "sort"]);

/** Whether *page* is a list of customers, or one of them. @type {(page: string) => boolean} */
export const isPeople = (page) => page === LIST || page.startsWith(`${LIST}/`);

/** The customer whose page it is, "" on a list. @type {(page: string) => string} */
export const customerIn = (page) => page.slice(LIST.length + 1);

/**
 * The address of a list, under the filters of *parameters*.
 * @type {(of: Selection, parameters: URLSearchParams) => string}
 */
export function listAddress(of, parameters) {
  const own = SELECTION.map((name) => [name, of[/** @type {keyof Selection} */ (name)] ?? ""]);
  return addressOf(LIST, new URLSearchParams([...own.filter(([, value]) => value), ...filtersIn(parameters)]));
}

/**
 * The address of one customer, from which the way back to the list is known.
 * @type {(id: string, parameters: URLSearchParams) => string}
 */
export const customerAddress = (id, parameters) => addressOf(`${LIST}/${encodeURIComponent(id)}`, parameters);

/**
 * The filters of the report alone; a list is of one side of a comparison.
 * @type {(parameters: URLSearchParams) => URLSearchParams}
 */
export const filtersIn = (parameters) =>
  new URLSearchParams([...parameters].filter(([name]) => !OWN.has(name) && name !== COMPARE));

/** What the list is of, without any filter. @type {(parameters: URLSearchParams) => URLSearchParams} */
export const withoutFilters = (parameters) => new URLSearchParams([...parameters].filter(([name]) => OWN.has(name)));

/** What a page of the report keeps of an address. @type {(parameters: URLSearchParams) => URLSearchParams} */
export const carried = (parameters) =>
  withoutPicks(new URLSearchParams([...parameters].filter(([name]) => !OWN.has(name))));

/**
 * The question for the server: the address, from where the page before ended.
 * @type {(parameters: URLSearchParams, after?: string | null) => string}
 */
export function questionOf(parameters, after = null) {
  const asked = new URLSearchParams([...parameters].filter(([name]) => name !== COMPARE));
  return queryOf(withValue(asked, "after", after));
}

/**
 * The page of the report that the customers came from, with its filters and clicked marks.
 *
 * @type {(report: Report, parameters: URLSearchParams) => { title: string, address: string }}
 */
export function backTo({ pages }, parameters) {
  const [name, visual] = [parameters.get("page"), parameters.get("visual")];
  /** @type {(page: Report["pages"][0]) => boolean} */
  const holds = ({ visuals }) => visuals.some((one) => one.name === visual);
  const page = pages.find(holds) ?? pages.find((one) => one.name === name) ?? pages[0];
  return { title: page.title, address: addressOf(page.name, filtersIn(parameters)) };
}

/**
 * What the menu at a mark offers: an entry for each measure that the mark shows and that has a list, the main first.
 *
 * Without *values* the entries are those of the whole visual, where its marks add up to one. Nobody is not offered.
 * @type {(visual: Visual, values: Record<string, Value> | null, report: Report) => Entry[]}
 */
export function entriesOf(visual, values, { people, measures }) {
  if (!values && visual.by.includes(SINCE_JOINING)) return [];
  const listed = people?.visuals[visual.name] ?? [];
  return measuresOfMarks(visual)
    .filter((name) => listed.includes(name))
    .map((name) => ({ measure: name, text: textOf(values, name, measures[name]), label: measures[name].label }))
    .filter(({ text }) => text);
}

/** @type {(values: Record<string, Value> | null, name: string, measure: Measure) => string} */
function textOf(values, name, measure) {
  if (!values) return "See these customers";
  const value = values[name];
  if (!value) return "";
  const written = format.told(value, measure);
  if (measure.unit !== "customers" || measure.format !== "count") return `See the customers behind ${written}`;
  return value === 1 ? "See this customer" : `See these ${written} customers`;
}

/** "4,812 Active Customers". @type {(list: CustomerPage) => string} */
export function titleOf({ count, number }) {
  const people = count === 1 ? "1 customer" : `${format.whole(count)} customers`;
  if (!number) return people;
  const isCount = number.unit === "customers" && number.value === count;
  if (isCount) return `${format.whole(count)} ${number.label}`;
  return `${people} behind ${number.label}: ${format.full(number.value, number.format)}`;
}

/** What a customer is called. @type {(customer: Customer) => string} */
export function nameOf({ customer_id: id, facts }) {
  const told = ["name", "source_id"].map((name) => facts.find((fact) => fact.name === name)?.value);
  return String(told.find((value) => value !== null && value !== undefined && value !== "") ?? `Customer ${id}`);
}

/** @type {(sort: string) => { by: string, down: boolean }} */
export const orderIn = (sort) => ({ by: sort.replace(/^-/, ""), down: sort.startsWith("-") });

/**
 * The order after a click on the head of *column*: the other way round, or of another column the usual way.
 * @type {(sort: string, column: CustomerColumn) => string}
 */
export function nextSort(sort, { name, format: written }) {
  const { by, down } = orderIn(sort);
  const isDown = by === name ? !down : written !== "text";
  return isDown ? `-${name}` : name;
}
