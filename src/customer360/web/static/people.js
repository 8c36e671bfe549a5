/** Individual customers: the URLs of their pages, and the links to them. */

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
const SINCE_JOINING = "months_since"; // each mark counts the same customers at another time
const SELECTION = ["page", "visual", "mark", "measure"];
const OWN = new Set([...SELECTION, "audience", "sort"]);

/** Whether *page* is a list of customers or one customer. @type {(page: string) => boolean} */
export const isPeople = (page) => page === LIST || page.startsWith(`${LIST}/`);

/** The customer of the page, "" on a list. @type {(page: string) => string} */
export const customerIn = (page) => page.slice(LIST.length + 1);

/**
 * The URL of a list, with the filters of *parameters*.
 * @type {(of: Selection, parameters: URLSearchParams) => string}
 */
export function listAddress(of, parameters) {
  const own = SELECTION.map((name) => [name, of[/** @type {keyof Selection} */ (name)] ?? ""]);
  return addressOf(LIST, new URLSearchParams([...own.filter(([, value]) => value), ...filtersIn(parameters)]));
}

/**
 * The URL of one customer, which includes the way back to the list.
 * @type {(id: string, parameters: URLSearchParams) => string}
 */
export const customerAddress = (id, parameters) => addressOf(`${LIST}/${encodeURIComponent(id)}`, parameters);

/**
 * Only the filters of the report; a list shows one side of a comparison.
 * @type {(parameters: URLSearchParams) => URLSearchParams}
 */
export const filtersIn = (parameters) =>
  new URLSearchParams([...parameters].filter(([name]) => !OWN.has(name) && name !== COMPARE));

/** The subject of the list, without any filter. @type {(parameters: URLSearchParams) => URLSearchParams} */
export const withoutFilters = (parameters) => new URLSearchParams([...parameters].filter(([name]) => OWN.has(name)));

/** The parameters that a page of the report keeps. @type {(parameters: URLSearchParams) => URLSearchParams} */
export const carried = (parameters) =>
  withoutPicks(new URLSearchParams([...parameters].filter(([name]) => !OWN.has(name))));

/**
 * The query for the server: that of the URL, continued after the previous page.
 * @type {(parameters: URLSearchParams, after?: string | null) => string}
 */
export function questionOf(parameters, after = null) {
  const asked = new URLSearchParams([...parameters].filter(([name]) => name !== COMPARE));
  return queryOf(withValue(asked, "after", after));
}

/**
 * The page of the report from which the reader came, with its filters and clicked marks.
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
 * The menu of a mark: an entry for each of its measures with a list, the main measure first.
 *
 * Without *values*, the entries are those of the whole visual, if its marks add up. Empty lists are not offered.
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

/** The name to show for a customer. @type {(customer: Customer) => string} */
export function nameOf({ customer_id: id, facts }) {
  const told = ["name", "source_id"].map((name) => facts.find((fact) => fact.name === name)?.value);
  return String(told.find((value) => value !== null && value !== undefined && value !== "") ?? `Customer ${id}`);
}

/** @type {(sort: string) => { by: string, down: boolean }} */
export const orderIn = (sort) => ({ by: sort.replace(/^-/, ""), down: sort.startsWith("-") });

/**
 * The order after a click on the header of *column*: reversed, or the default order of another column.
 * @type {(sort: string, column: CustomerColumn) => string}
 */
export function nextSort(sort, { name, format: written }) {
  const { by, down } = orderIn(sort);
  const isDown = by === name ? !down : written !== "text";
  return isDown ? `-${name}` : name;
}
