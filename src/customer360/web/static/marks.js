/**
 * A chart for the keyboard and for screen readers: one button per mark, seen only while it has the focus.
 *
 * A canvas has nothing to focus; these buttons say what each mark shows and pick it.
 */

import { closest, element, keepChildren, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { rove, stop } from "./roving.js";

/** @import { Drawing, Frame } from "./types.d.ts" */

/** @type {(frame: Frame, hooks: { highlight: (at: number) => void, leave: () => void }) => Drawing} */
export function marks(frame, { highlight, leave }) {
  const body = element("div", { class: "marks", role: "group" });
  body.addEventListener("click", (event) => {
    const button = closest(event, "button");
    if (button && frame.visual.pickable) frame.pick(button.dataset.mark ?? "", event);
  });
  rove(body, { moved: (button) => highlight([...body.children].indexOf(button)) });
  body.addEventListener("focusout", leave);
  return {
    body,
    update({ rows, picks, visual, report }) {
      const measure = report.measures[visual.measure];
      setAttribute(body, "aria-label", `${visual.title}: ${rows.length} marks, arrow keys move`);
      const buttons = keepChildren(body, rows.length, () => element("button", { type: "button", tabindex: "-1" }));
      rows.forEach((row, at) => {
        const button = buttons[at];
        if (button.dataset.mark !== row.mark) button.dataset.mark = row.mark;
        setText(button, `${row.names.join(" · ")}: ${format.told(row.value, measure)}`);
        setAttribute(button, "aria-pressed", visual.pickable ? picks.has(row.mark) : null);
      });
      stop(buttons);
    },
  };
}
