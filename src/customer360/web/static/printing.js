/** Printing: light colours, and charts in the size and resolution of the paper. */

import { theme, wear } from "./theme.js";

/** @import { Shown } from "./types.d.ts" */

/** *shown* returns the current content of the screen. @type {(shown: () => Shown | null) => void} */
export function printing(shown) {
  let worn = theme();
  /** @type {(on: boolean) => void} */
  const turn = (on) => {
    document.documentElement.classList.toggle("printing", on);
    shown()?.resize();
    shown()?.print(on);
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
