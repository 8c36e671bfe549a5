/** On paper: light colours, and charts in the size and sharpness they have there. */

import { theme, wear } from "./theme.js";

/** @import { Shown } from "./types.d.ts" */

/** *shown* gives what is on the screen. @type {(shown: () => Shown | null) => void} */
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
