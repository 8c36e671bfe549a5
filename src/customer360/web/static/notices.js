/** What a reader is told when something is not as usual; the last data stays on the screen. */

import { element, setText } from "./dom.js";
import * as format from "./format.js";

const place = document.getElementById("notice");
const visuals = document.getElementById("visuals");
const progress = document.getElementById("progress");
const announcement = document.getElementById("announcement");
const texts = { request: null, server: null, database: null };

export const busy = (is) => {
  progress.hidden = !is;
};

export const announce = (text) => setText(announcement, text);

/** Everything is as usual again, except what the database has to say. */
export function clear() {
  set("request", null);
}

export function unreachable(error, hasData, retry) {
  const cause = error.message ? sentence(error.message) : "The server cannot be reached.";
  if (!error.message && texts.server) return;
  const shown = hasData ? " What you see was loaded before. It tries again by itself." : " It tries again by itself.";
  set("request", notice(cause + shown, button("Try now", retry)));
}

export function refused(error, reset) {
  set("request", notice(sentence(error.message), button("Clear filters", reset)));
}

/** Whether the server has gone silent while there is data on the screen. */
export function lost(is) {
  const text = "The server cannot be reached. What you see was loaded before; it is renewed by itself.";
  if (is === Boolean(texts.server)) return;
  set("server", is ? notice(text) : null);
}

/** *since* is when the database was last there, null when it is. */
export function database(since) {
  const text = "Filters still work, on the data of the last refresh.";
  const gone = () => notice(`The database cannot be reached since ${format.moment(since)}. ${text}`);
  set("database", since ? gone() : null);
}

export function noResults() {
  set("request", null);
  const command = element("code", {}, "customer360 run");
  visuals.replaceChildren(
    element(
      "div",
      { class: "empty-page" },
      element("h2", {}, "There are no results yet"),
      element("p", {}, "Make them with ", command, ". They appear here by themselves."),
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
