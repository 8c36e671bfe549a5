/** Follows links within the dashboard without reloading the page, unless the reader wants another window. */

import { closest } from "./dom.js";

/**
 * Calls *follow* for each plain click on a link to a page or another place.
 * @type {(follow: (link: HTMLAnchorElement) => void) => void}
 */
export function following(follow) {
  document.addEventListener("click", (event) => {
    const link = closest(event, "a[data-page], a[data-place]");
    if (!(link instanceof HTMLAnchorElement) || event.button || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    follow(link);
  });
}
