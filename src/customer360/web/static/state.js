/**
 * The state of the report is its URL: the page is the path, every filter is a parameter.
 *
 * Functions that change a filter return new parameters and do not modify the old ones.
 */

/** @import { Key, MonthRange } from "./types.d.ts" */

const PICK = "pick.";

/** @type {(location: Location | URL) => string} */
export const pageOf = (location) => location.pathname.slice(1);

/**
 * The parameters of a URL, without empty ones and with marks in canonical form.
 * @type {(location: Location | URL) => URLSearchParams}
 */
export function parametersOf(location) {
  const entries = [...new URLSearchParams(location.search)].filter(([, value]) => value !== "" && value !== "..");
  /** @type {(name: string, value: string) => string} */
  const written = (name, value) => (name.startsWith(PICK) || name === "mark" ? markOf(keysOf(value)) : value);
  return new URLSearchParams(entries.map(([name, value]) => [name, written(name, value)]));
}

/** @type {(page: string, parameters: URLSearchParams) => string} */
export const addressOf = (page, parameters) => `/${page}${parameters.size ? `?${queryOf(parameters)}` : ""}`;

/**
 * Slicers, X, picks: always in this order, so that equal states have the same URL.
 * @type {(parameters: URLSearchParams) => string}
 */
export function queryOf(parameters) {
  const isPick = (/** @type {string} */ name) => Number(name.startsWith(PICK));
  const ordered = [...parameters].sort(([one], [other]) => isPick(one) - isPick(other));
  return new URLSearchParams(ordered).toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** @type {(parameters: URLSearchParams, name: string) => string[]} */
export const membersOf = (parameters, name) => parameters.getAll(name);

/** @type {(parameters: URLSearchParams, name: string, key: string, chosen: boolean) => URLSearchParams} */
export function withMember(parameters, name, key, chosen) {
  const changed = new URLSearchParams(parameters);
  if (chosen) changed.append(name, key);
  else changed.delete(name, key);
  return changed;
}

/** @type {(parameters: URLSearchParams, name: string, value: string | null) => URLSearchParams} */
export function withValue(parameters, name, value) {
  const changed = new URLSearchParams(parameters);
  if (value === null) changed.delete(name);
  else changed.set(name, value);
  return changed;
}

/**
 * Both ends of a range of months as "YYYY-MM", empty where open.
 * @type {(parameters: URLSearchParams, name: string) => MonthRange}
 */
export function rangeOf(parameters, name) {
  const [from = "", to = ""] = (parameters.get(name) ?? "").split("..");
  return { from, to };
}

/** @type {(parameters: URLSearchParams, name: string, ends: MonthRange) => URLSearchParams} */
export const withRange = (parameters, name, { from, to }) =>
  withValue(parameters, name, from || to ? `${from}..${to}` : null);

/**
 * A mark: its keys in the order of the visual's dimensions; commas and percent signs in keys are escaped.
 * @type {(keys: Key[]) => string}
 */
export const markOf = (keys) => keys.map((key) => String(key).replace(/[%,]/g, encodeURIComponent)).join(",");
/** @type {(mark: string) => string[]} */
export const keysOf = (mark) => mark.split(",").map((key) => key.replaceAll("%2C", ",").replaceAll("%25", "%"));

/** The visual and mark of each pick. @type {(parameters: URLSearchParams) => [visual: string, mark: string][]} */
export const picksIn = (parameters) =>
  [...parameters].filter(([name]) => name.startsWith(PICK)).map(([name, mark]) => [name.slice(PICK.length), mark]);

/** @type {(parameters: URLSearchParams, visual: string) => Set<string>} */
export const picksOf = (parameters, visual) => new Set(parameters.getAll(PICK + visual));

/**
 * A plain click replaces earlier picks, or undoes the only one; with *adding*, it toggles this one.
 *
 * *alone*: the visual can have only one pick.
 * @type {(parameters: URLSearchParams, visual: string, mark: string, how: { adding: boolean, alone: boolean })
 *   => URLSearchParams}
 */
export function withPick(parameters, visual, mark, { adding, alone }) {
  const name = PICK + visual;
  const picked = parameters.has(name, mark);
  if (adding) return withMember(alone ? withValue(parameters, name, null) : parameters, name, mark, !picked);
  const only = picked && picksIn(parameters).length === 1;
  const changed = withoutPicks(parameters);
  if (!only) changed.append(name, mark);
  return changed;
}

/** @type {(parameters: URLSearchParams) => URLSearchParams} */
export const withoutPicks = (parameters) =>
  new URLSearchParams([...parameters].filter(([name]) => !name.startsWith(PICK)));
