/** The funnel: a bar per stage, with its share of the first and the previous stage. */

import { closest, element, keepChildren, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { rove, stop } from "./roving.js";
import * as tip from "./tip.js";

/** @import { Drawing, Frame, Report, Row, Visual } from "./types.d.ts" */

/** @type {(frame: Frame) => Drawing} */
export function funnel(frame) {
  const body = element("div", { class: "funnel", role: "group", "aria-label": frame.visual.title });
  tip.over(frame, body);
  rove(body);
  body.addEventListener("click", (event) => {
    const stage = closest(event, "button");
    if (stage && frame.visual.pickable) frame.pick(stage.dataset.mark ?? "", event);
  });
  return {
    body,
    update({ rows, picks, visual, report }) {
      const stages = keepChildren(body, rows.length, stageOf);
      const { format: written } = report.measures[visual.measure];
      const counts = rows.map((row) => format.full(row.value, written, row.signs[visual.measure]).length);
      body.style.setProperty("--digits", String(Math.max(0, ...counts)));
      stages.forEach((stage, at) => fill(stage, rows[at], rows[0], picks, visual, report));
      stop(stages);
    },
  };
}

/** @type {() => HTMLElement} */
function stageOf() {
  const parts = ["name", "count", "bar", "shares"].map((name) => element("span", { class: name }));
  parts[2].append(element("i"));
  return element("button", { type: "button", class: "stage", tabindex: "-1" }, ...parts);
}

/** @type {(stage: HTMLElement, row: Row, first: Row, picks: Set<string>, visual: Visual, report: Report) => void} */
function fill(stage, row, first, picks, visual, report) {
  const [name, count, bar, shares] = /** @type {HTMLCollectionOf<HTMLElement>} */ (stage.children);
  /** @type {(measure: string) => string} */
  const written = (measure) => format.full(row.values[measure], report.measures[measure].format, row.signs[measure]);
  setText(name, row.names[0]);
  setText(count, written(visual.measure));
  const parts = visual.more.map((one) => `${written(one)} ${short(one, report)}`);
  setText(shares, row === first ? "" : parts.join(" · "));
  bar.style.setProperty("--share", first.value ? `${((Number(row.value) / first.value) * 100).toFixed(1)}%` : "0%");
  stage.dataset.mark = row.mark;
  setAttribute(stage, "aria-pressed", picks.has(row.mark));
}

/**
 * "% of First Stage" as "of first", after a number that already has its %.
 * @type {(measure: string, report: Report) => string}
 */
const short = (measure, report) => report.measures[measure].label.replace(/^%\s*| stage$/gi, "").toLowerCase();
