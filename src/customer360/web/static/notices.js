/** What a reader is told when something is not as usual; the last data stays on the screen. */

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
const BEHIND = " Your last step is not loaded yet: the numbers are those of the step before.";

/**
 * Shows that an answer takes long, unless it is here by then; *also* is done at that moment.
 * @type {(also?: () => void) => void}
 */
export function slow(also = () => {}) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    progress.hidden = false;
    also();
  }, PROGRESS_AFTER);
}

/** The answer is here. */
export function calm() {
  clearTimeout(timer);
  progress.hidden = true;
}

/** @type {(text: string) => void} */
export const announce = (text) => setText(announcement, text);

/** "3 of 100,000 customers". @type {(count: number, report: Report) => string} */
export const people = (count, { refresh }) => `${format.whole(count)} of ${format.full(refresh.rows_out, "count")} customers`;

/** Everything is as usual again, except what the database has to say. */
export function clear() {
  set("request", null);
}

/**
 * *isBehind*: what is on the screen was there before the last step.
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
 * What an address asked for and this data does not have; gone with the next step, or when dismissed.
 * @type {(parts: string[]) => void}
 */
export function left(parts) {
  const text = `This link was adjusted. Left out: ${parts.join("; ")}.`;
  set("link", parts.length ? notice(text, button("Dismiss", () => left([]))) : null);
}

/** Whether the server has gone silent while there is data on the screen. @type {(is: boolean) => void} */
export function lost(is) {
  const text = `The server cannot be reached.${LAST} Reconnecting automatically.`;
  if (is === Boolean(texts.server)) return;
  set("server", is ? notice(text) : null);
}

/** *since* is when the database was last there, null when it is. @type {(since: string | null) => void} */
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
