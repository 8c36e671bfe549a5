/** Links within the dashboard: followed without loading the page again, but where the reader wants another window. */

import { closest } from "./dom.js";

/**
 * Tells *follow* of each plain click on a link to a page, or to another place.
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
