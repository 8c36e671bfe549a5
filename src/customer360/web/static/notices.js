/** Notices about errors and delays; the last data stays on the screen. */

import { byId, element, setText } from "./dom.js";
import * as format from "./format.js";

/** @import { Report, Timer } from "./types.d.ts" */

const place = byId("notice");
const visuals = byId("visuals");
const progress = byId("progress");
const announcement = byId("announcement");
/** @type {Record<"link" | "request" | "server" | "database", HTMLElement | null>} */
const texts = { link: null, request: null, server: null, database: null };

const PROGRESS_AFTER = 150;
/** @type {Timer} */
let timer;

const LAST = " Showing the last loaded data.";
const BEHIND = " Your last change is not loaded yet; the numbers are from before it.";

/**
 * Shows a progress bar if an answer takes long, and calls *also* at the same time.
 * @type {(also?: () => void) => void}
 */
export function slow(also = () => {}) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    progress.hidden = false;
    also();
  }, PROGRESS_AFTER);
}

/** Hides the progress bar when the answer has arrived. */
export function calm() {
  clearTimeout(timer);
  progress.hidden = true;
}

/** @type {(text: string) => void} */
export const announce = (text) => setText(announcement, text);

/** "3 of 100,000 customers". @type {(count: number, report: Report) => string} */
export const people = (count, { refresh }) => `${format.whole(count)} of ${format.full(refresh.rows_out, "count")} customers`;

/** Removes all notices except those about the database. */
export function clear() {
  set("request", null);
}

/**
 * *isBehind*: the data on the screen is from before the last change.
 * @type {(error: Error, drawn: { isDrawn: boolean, isBehind: boolean }, retry: () => void) => void}
 */
export function unreachable(error, { isDrawn, isBehind }, retry) {
  const cause = error.message ? sentence(error.message) : "The server cannot be reached.";
  if (!error.message && texts.server && !isBehind) return;
  const shown = isBehind ? BEHIND : isDrawn ? LAST : "";
  set("request", notice(`${cause}${shown} Reconnecting automatically.`, button("Try now", retry)));
}

/** @type {(error: Error, reset: () => void) => void} */
export function refused(error, reset) {
  set("request", notice(sentence(error.message), button("Clear filters", reset)));
}

/**
 * The parts of a link that do not exist in this data; hidden after the next change, or when dismissed.
 * @type {(parts: string[]) => void}
 */
export function left(parts) {
  const text = `This link was adjusted. Ignored: ${parts.join("; ")}.`;
  set("link", parts.length ? notice(text, button("Dismiss", () => left([]))) : null);
}

/**
 * Shows or hides that the connection to the server is lost while data is on the screen.
 * @type {(is: boolean) => void}
 */
export function lost(is) {
  const text = `The server cannot be reached.${LAST} Reconnecting automatically.`;
  if (is === Boolean(texts.server)) return;
  set("server", is ? notice(text) : null);
}

/** *since* is when the database was last reachable; null if it is reachable. @type {(since: string | null) => void} */
export function database(since) {
  const text = "Filters still work on the data of the last refresh.";
  if (since === null) return set("database", null);
  set("database", notice(`The database has been unreachable since ${format.moment(since)}. ${text}`));
}

export function noResults() {
  set("request", null);
  const command = element("code", {}, "customer360 run");
  visuals.replaceChildren(
    element(
      "div",
      { class: "empty-page" },
      element("h2", {}, "No results yet"),
      element("p", {}, "Run ", command, ". The results appear here automatically."),
    ),
  );
}

/** @type {(name: keyof typeof texts, content: HTMLElement | null) => void} */
function set(name, content) {
  if (texts[name] === content) return;
  texts[name] = content;
  place.replaceChildren(...Object.values(texts).filter((text) => text !== null));
}

/** @type {(text: string) => string} */
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** @type {(text: string, click: () => void) => HTMLElement} */
const button = (text, click) => element("button", { type: "button", class: "button", click }, text);

/** @type {(text: string, ...extra: Element[]) => HTMLElement} */
function notice(text, ...extra) {
  const sign = element("span", { class: "sign", "aria-hidden": "true" }, "!");
  return element("div", { class: "notice" }, sign, element("p", {}, text), ...extra);
}
