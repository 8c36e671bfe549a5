/** The tooltip: all measures of a mark. One element serves all visuals drawn in HTML. */

import { byId, closest, element } from "./dom.js";
import * as format from "./format.js";
import { fullMonthsEnd } from "./masks.js";
import { place } from "./popover.js";
import { measuresOfMarks } from "./view.js";

/** @import { Frame, Key, Report, Row } from "./types.d.ts" */

const tip = element("div", { class: "tip floating", hidden: true, "aria-hidden": "true" });
byId("page").append(tip);

/**
 * The content, also for the charts, whose library places the tooltip.
 * @type {(frame: Frame, row: Row) => HTMLElement}
 */
export function content({ visual, report }, row) {
  const lines = measuresOfMarks(visual).map((name) => {
    const measure = report.measures[name];
    const told = format.told(row.values[name], measure, row.signs[name]);
    return element("tr", {}, element("th", {}, measure.label), element("td", {}, told));
  });
  const note = report.dimensions[visual.by[0]].type === "month" && isUnfinished(row.keys[0], report);
  return element(
    "div",
    { class: "tip-content" },
    element("p", {}, row.names.join(" · ")),
    element("table", {}, ...lines),
    note ? element("p", { class: "note" }, `until ${format.date(report.refresh.as_of)}`) : null,
  );
}

/** Whether *month* is the month of the as-of date and has not ended. @type {(month: Key, report: Report) => boolean} */
export const isUnfinished = (month, report) => month === fullMonthsEnd(report.refresh.as_of);

/** @type {(frame: Frame, row: Row, anchor: Element) => void} */
export function show(frame, row, anchor) {
  tip.replaceChildren(content(frame, row));
  tip.hidden = false;
  place(tip, anchor.getBoundingClientRect());
}

const hide = () => {
  tip.hidden = true;
};

/**
 * Shows tooltips over the marks in *body*: elements with data-mark.
 * @type {(frame: Frame, body: HTMLElement) => void}
 */
export function over(frame, body) {
  /** @type {(event: Event) => void} */
  const at = (event) => {
    const target = closest(event, "[data-mark]");
    const row = target && frame.rows.find((one) => one.mark === target.dataset.mark);
    if (row) show(frame, row, target);
    else hide();
  };
  body.addEventListener("pointerover", at);
  body.addEventListener("focusin", at);
  body.addEventListener("pointerleave", hide);
  body.addEventListener("focusout", hide);
  body.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
