/** On paper: light colours, and charts in the size and sharpness they have there. */

import { theme, wear } from "./theme.js";

/** @import { Page } from "./types.d.ts" */

/** *page* gives the page on the screen. @type {(page: () => Page | null) => void} */
export function printing(page) {
  let worn = theme();
  /** @type {(on: boolean) => void} */
  const turn = (on) => {
    document.documentElement.classList.toggle("printing", on);
    page()?.resize();
    page()?.print(on);
  };
  addEventListener("beforeprint", () => {
    worn = theme();
    wear("light");
    turn(true);
  });
  addEventListener("afterprint", () => {
    wear(worn);
    turn(false);
  });
}
