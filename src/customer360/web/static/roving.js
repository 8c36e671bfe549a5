/** One tab stop for many buttons: arrow keys move between them, Home and End go to the ends. */

import { closest } from "./dom.js";

/** @type {Record<string, [down: number, right: number]>} */
const MOVES = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

/**
 * *width*: the number of buttons per row; 1 is a list, in which arrows go to the next and previous button. *among*:
 * the selector of the buttons.
 * @type {(body: HTMLElement, how?: { width?: () => number, moved?: (button: HTMLElement) => void, among?: string })
 *   => void}
 */
export function rove(body, { width = () => 1, moved = () => {}, among = "button[data-mark]" } = {}) {
  body.addEventListener("keydown", clickWithModifier);
  /** @type {() => HTMLElement[]} */
  const buttons = () => /** @type {HTMLElement[]} */ ([...body.querySelectorAll(among)]);
  body.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.findIndex((button) => button === document.activeElement);
    const next = at < 0 ? null : all[target(event.key, at, all.length, width())];
    if (!next) return;
    event.preventDefault();
    stop(all, next);
    next.focus();
  });
  body.addEventListener("focusin", (event) => {
    const button = closest(event, among);
    if (!button) return;
    stop(buttons(), button);
    moved(button);
  });
}

/**
 * Browsers click a button only on Enter or Space without modifiers; here, a modifier adds to the picks.
 * @type {(event: KeyboardEvent) => void}
 */
function clickWithModifier(event) {
  const { key, ctrlKey, metaKey, shiftKey } = event;
  if (!["Enter", " "].includes(key) || !(ctrlKey || metaKey || shiftKey)) return;
  event.preventDefault();
  event.target?.dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey, metaKey, shiftKey }));
}

/** @type {(key: string, at: number, count: number, width: number) => number} */
function target(key, at, count, width) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const move = MOVES[key];
  if (!move) return -1;
  const [down, right] = move;
  return width === 1 ? at + down + right : at + down * width + right;
}

/** Keeps exactly one of the buttons in the tab order. @type {(all: HTMLElement[], button?: HTMLElement) => void} */
export function stop(all, button = all.find((one) => one.tabIndex === 0) ?? all[0]) {
  for (const one of all) {
    const index = one === button ? 0 : -1;
    if (one.tabIndex !== index) one.tabIndex = index;
  }
}
