/** The menu of a mark: links with one tab stop, closed by Escape, Tab, a click elsewhere, or scrolling. */

import { byId, closest, element } from "./dom.js";
import { place } from "./popover.js";
import { rove, stop } from "./roving.js";

/** @import { Choice } from "./types.d.ts" */

// "manual", because a popover that closes by itself would close on releasing the finger or button that opened it.
const menu = element("div", { class: "popover menu", popover: "manual", role: "menu" });
byId("page").append(menu);
/** @type {HTMLElement | null} */
let opener = null;

/**
 * Opens the menu below *anchor*; closing it restores the focus.
 * @type {(choices: Choice[], anchor: DOMRect, label: string) => void}
 */
export function open(choices, anchor, label) {
  if (!isOpen()) opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  menu.setAttribute("aria-label", label);
  menu.replaceChildren(...choices.map(link));
  if (!isOpen()) menu.showPopover();
  place(menu, anchor);
  const links = /** @type {HTMLElement[]} */ ([...menu.children]);
  stop(links, links[0]);
  links[0].focus({ preventScroll: true });
}

/** @type {(choice: Choice) => HTMLElement} */
const link = ({ text, label, address }) =>
  element(
    "a",
    { class: "menu-link", role: "menuitem", href: address, "data-place": true, tabindex: "-1" },
    element("span", {}, text),
    element("span", { class: "menu-label" }, label),
  );

const isOpen = () => menu.matches(":popover-open");

/** @type {(how?: { refocus?: boolean }) => void} */
function close({ refocus = false } = {}) {
  if (!isOpen()) return;
  menu.hidePopover();
  if (refocus) opener?.focus({ preventScroll: true });
}

rove(menu, { among: ".menu-link" });
menu.addEventListener("contextmenu", (event) => event.preventDefault()); // from the key that opened the menu
menu.addEventListener("click", (event) => closest(event, "a") && close());
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" && event.key !== "Tab") return;
  event.preventDefault();
  close({ refocus: true });
});
document.addEventListener("pointerdown", (event) => !closest(event, ".menu") && close(), { capture: true });
document.addEventListener("scroll", () => close(), { capture: true, passive: true });
addEventListener("resize", () => close());
addEventListener("popstate", () => close());
addEventListener("blur", () => close());
