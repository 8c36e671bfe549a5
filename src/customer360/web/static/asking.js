/** Opens the customers of a mark: by right click, menu key, long press, or the visual's tool. */

import { closest } from "./dom.js";
import * as menu from "./menu.js";
import { entriesOf, listAddress } from "./people.js";

/** @import { Frame, Point, Row } from "./types.d.ts" */

const HOLD = 500;
const SLACK = 10;
const MARK = "[data-mark], [data-row]";

/** @typedef {Event & Partial<Point>} Asked */

/** Listens to all ways to open the customers of a mark. @type {(frame: Frame) => void} */
export function listen(frame) {
  const { body } = frame;
  /** @type {(event: Asked) => void} */
  const ask = (event) => {
    if (askedAt(frame, event)) event.preventDefault();
  };
  body.addEventListener("contextmenu", ask);
  body.addEventListener("keydown", (event) => {
    const isKey = event.key === "ContextMenu" || (event.shiftKey && event.key === "F10");
    if (isKey && closest(event, MARK)) ask(event);
  });
  holding(body, ask);
}

/** Opens the menu of the whole visual, below its tool. @type {(frame: Frame, tool: HTMLElement) => void} */
export function askWhole(frame, tool) {
  open(frame, null, tool.getBoundingClientRect());
}

/** Whether there is a list of the whole visual that is not empty. @type {(frame: Frame) => boolean} */
export const hasWhole = (frame) => entriesOf(frame.visual, valuesOf(frame), frame.report).length > 0;

/** Whether its marks have lists. @type {(frame: Frame) => boolean} */
export const isAskable = ({ visual, report }) => Boolean(report.people?.visuals[visual.name]?.length);

/** Opens the menu at the target of *event*, if it has a list. @type {(frame: Frame, event: Asked) => boolean} */
function askedAt(frame, event) {
  if (!isAskable(frame) || closest(event, ".toolbar, .popover")) return false;
  const { clientX = 0, clientY = 0 } = event;
  const mark = closest(event, MARK);
  const row = mark ? rowOf(frame, mark) : frame.drawing.rowFrom?.({ clientX, clientY });
  if (!row && frame.visual.by.length) return false;
  return open(frame, row ?? null, mark?.getBoundingClientRect() ?? new DOMRect(clientX, clientY));
}

/** @type {(frame: Frame, mark: HTMLElement) => Row | undefined} */
const rowOf = ({ rows }, { dataset }) => rows.find(({ mark }) => mark === (dataset.mark ?? dataset.row));

/** @type {(frame: Frame, row: Row | null, anchor: DOMRect) => boolean} */
function open(frame, row, anchor) {
  const { visual, report, parameters } = frame;
  const entries = entriesOf(visual, row ? row.values : valuesOf(frame), report);
  if (!entries.length) return false;
  const choices = entries.map(({ measure, text, label }) => ({
    text,
    label,
    address: listAddress({ visual: visual.name, mark: row?.mark, measure }, parameters),
  }));
  frame.leave();
  menu.open(choices, anchor, [visual.title, ...(row?.names ?? [])].join(" · "));
  return true;
}

/** The numbers of a card; null for a visual of many marks. @type {(frame: Frame) => Row["values"] | null} */
const valuesOf = ({ data }) => (data?.values && !data.keys ? data.values : null);

/**
 * Detects a long press on systems without an event for it, and ignores the click that follows.
 * @type {(body: HTMLElement, held: (event: PointerEvent) => void) => void}
 */
function holding(body, held) {
  /** @type {import("./types.d.ts").Timer} */
  let timer;
  /** @type {PointerEvent | null} */
  let start = null;
  let isHeld = false;
  const stop = () => clearTimeout(timer);
  body.addEventListener("pointerdown", (event) => {
    stop();
    isHeld = false;
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    start = event;
    timer = setTimeout(() => {
      isHeld = true;
      held(event);
    }, HOLD);
  });
  body.addEventListener("pointermove", (event) => {
    if (!start || Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > SLACK) stop();
  });
  for (const name of ["pointerup", "pointercancel"]) body.addEventListener(name, stop);
  body.addEventListener("contextmenu", stop);
  body.addEventListener("click", (event) => isHeld && swallow(event), { capture: true });
}

/** @type {(event: Event) => void} */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}
