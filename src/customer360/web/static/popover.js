/** Panels that open at a button; the browser closes them on Escape or a click elsewhere. */

import { element, setAttribute } from "./dom.js";

const GAP = 4;
const EDGE = 8;
let last = 0;

/**
 * A panel for *button*; insert it into the document next to the button.
 * @type {(button: HTMLElement, label: string, ...content: Node[]) => HTMLElement}
 */
export function popover(button, label, ...content) {
  const id = `popover-${++last}`;
  const attributes = { id, class: "popover", popover: "auto", role: "dialog", "aria-label": label };
  const panel = element("div", attributes, ...content);
  button.setAttribute("popovertarget", id);
  setAttribute(button, "aria-expanded", "false");
  panel.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    setAttribute(button, "aria-expanded", open);
    if (open) place(panel, button.getBoundingClientRect());
    else if (panel.contains(document.activeElement)) button.focus();
  });
  return panel;
}

/**
 * Places *panel* below the anchor, or above it if there is more room, and always inside the window.
 * @type {(panel: HTMLElement, anchor: DOMRect) => void}
 */
export function place(panel, anchor) {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = anchor.bottom + GAP;
  const fits = below + height <= innerHeight - EDGE || anchor.top < innerHeight - anchor.bottom;
  const top = fits ? below : anchor.top - GAP - height;
  panel.style.left = `${Math.max(EDGE, Math.min(anchor.left, innerWidth - width - EDGE))}px`;
  panel.style.top = `${Math.max(EDGE, top)}px`;
}
