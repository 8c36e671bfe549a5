/** What a reader is told when something is not as usual; the last data stays on the screen. */

import { element, setText } from "./dom.js";
import * as format from "./format.js";

const place = document.getElementById("notice");
const visuals = document.getElementById("visuals");
const progress = document.getElementById("progress");
const announcement = document.getElementById("announcement");
const texts = { link: null, request: null, server: null, database: null };

const LAST = " Showing the last loaded data.";
const BEHIND = " Your last step is not loaded yet: the numbers are those of the step before.";

export const busy = (is) => {
  progress.hidden = !is;
};

export const announce = (text) => setText(announcement, text);

/** "3 of 100,000 customers". */
export const people = (count, { refresh }) => `${format.whole(count)} of ${format.whole(refresh.rows_out)} customers`;

/** Everything is as usual again, except what the database has to say. */
export function clear() {
  set("request", null);
}

/** *isBehind*: what is on the screen was there before the last step. */
export function unreachable(error, { isDrawn, isBehind }, retry) {
  const cause = error.message ? sentence(error.message) : "The server cannot be reached.";
  if (!error.message && texts.server && !isBehind) return;
  const shown = isBehind ? BEHIND : isDrawn ? LAST : "";
  set("request", notice(`${cause}${shown} Reconnecting automatically.`, button("Try now", retry)));
}

export function refused(error, reset) {
  set("request", notice(sentence(error.message), button("Clear filters", reset)));
}

/** What an address asked for and this data does not have; gone with the next step, or when dismissed. */
export function left(parts) {
  const text = `This link was adjusted. Left out: ${parts.join("; ")}.`;
  set("link", parts.length ? notice(text, button("Dismiss", () => left([]))) : null);
}

/** Whether the server has gone silent while there is data on the screen. */
export function lost(is) {
  const text = `The server cannot be reached.${LAST} Reconnecting automatically.`;
  if (is === Boolean(texts.server)) return;
  set("server", is ? notice(text) : null);
}

/** *since* is when the database was last there, null when it is. */
export function database(since) {
  const text = "Filters still work on the data of the last refresh.";
  const gone = () => notice(`The database has been unreachable since ${format.moment(since)}. ${text}`);
  set("database", since ? gone() : null);
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

function set(name, content) {
  if (texts[name] === content) return;
  texts[name] = content;
  place.replaceChildren(...Object.values(texts).filter(Boolean));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

const button = (text, click) => element("button", { type: "button", class: "button", click }, text);

function notice(text, ...extra) {
  const sign = element("span", { class: "sign", "aria-hidden": "true" }, "!");
  return element("div", { class: "notice" }, sign, element("p", {}, text), ...extra);
}
