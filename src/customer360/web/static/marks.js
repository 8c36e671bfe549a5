/**
 * A chart for the keyboard and for screen readers: one button per mark, visible only while it has the focus.
 *
 * A canvas has no focusable parts; these buttons describe each mark and pick it.
 */

import { closest, element, keepChildren, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { rove, stop } from "./roving.js";
import { measuresOfMarks } from "./view.js";

/** @import { Drawing, Frame, Report, Row, Visual } from "./types.d.ts" */

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
      setAttribute(body, "aria-label", `${visual.title}: ${rows.length} marks; use the arrow keys`);
      const buttons = keepChildren(body, rows.length, () => element("button", { type: "button", tabindex: "-1" }));
      rows.forEach((row, at) => {
        const button = buttons[at];
        if (button.dataset.mark !== row.mark) button.dataset.mark = row.mark;
        setText(button, said(row, visual, report));
        setAttribute(button, "aria-label", spoken(row, visual, report));
        setAttribute(button, "aria-pressed", visual.pickable ? picks.has(row.mark) : null);
      });
      stop(buttons);
    },
  };
}

/** The description of a mark. @type {(row: Row, visual: Visual, report: Report) => string} */
const said = (row, { measure }, { measures }) =>
  `${row.names.join(" · ")}: ${format.told(row.value, measures[measure], row.signs[measure])}`;

/**
 * The description of a mark of a flow: all values in its stack.
 * @type {(row: Row, visual: Visual, report: Report) => string | null}
 */
function spoken(row, visual, report) {
  if (visual.kind !== "flow") return null;
  const parts = measuresOfMarks(visual).slice(1);
  const told = parts.map((name) => {
    const measure = report.measures[name];
    return `${measure.label} ${format.told(row.values[name], measure, row.signs[name])}`;
  });
  return [said(row, visual, report), ...told].join(", ");
}
