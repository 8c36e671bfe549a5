/** A matrix: members in rows, measures in columns; each row is a mark, like a bar. */

import { closest, element, keepChildren, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { rove, stop } from "./roving.js";
import { statusColour } from "./theme.js";
import { measuresOfMarks } from "./view.js";

/** @import { Drawing, Frame, Measure, Report, Row, Visual } from "./types.d.ts" */

/** @type {(frame: Frame) => Drawing} */
export function matrix(frame) {
  const { visual } = frame;
  const measures = measuresOfMarks(visual);
  const [head, lines] = [element("tr", {}), element("tbody", {})];
  const sheet = element("table", { "aria-label": visual.title }, element("thead", {}, head), lines);
  const body = element("div", { class: "scroll matrix", role: "group", "aria-label": visual.title }, sheet);
  if (!visual.pickable) setAttribute(body, "tabindex", "0");
  rove(body);
  body.addEventListener("click", (event) => {
    const line = closest(event, "tr[data-row]");
    if (line && visual.pickable) frame.pick(line.dataset.row ?? "", event);
  });
  return {
    body,
    update({ rows, picks, report }) {
      head.replaceChildren(...headsOf(visual, measures, report));
      const all = keepChildren(lines, rows.length, () => lineOf(visual, measures));
      all.forEach((line, at) => fill(line, rows[at], measures, picks, report));
      if (visual.pickable) stop(all.map((line) => /** @type {HTMLElement} */ (line.querySelector("button"))));
    },
  };
}

/** @type {(visual: Visual, measures: string[], report: Report) => HTMLElement[]} */
function headsOf({ by }, measures, report) {
  const heads = measures.map((name) => {
    const unit = element("span", { class: "unit" }, unitOf(report.measures[name]));
    return element("th", { scope: "col", class: "amount" }, report.measures[name].label, " ", unit);
  });
  return [element("th", { scope: "col" }, report.dimensions[by[0]].label), ...heads];
}

/** @type {(measure: Measure) => string} */
const unitOf = ({ unit, label }) =>
  ({ share: label.startsWith("%") ? "" : "%", currency: "", customers: "" })[unit] ?? unit;

/** @type {(visual: Visual, measures: string[]) => HTMLElement} */
function lineOf({ pickable }, measures) {
  const name = [element("i", { class: "swatch" }), element("span", {})];
  const first = pickable
    ? element("button", { type: "button", class: "member", tabindex: "-1" }, ...name)
    : element("span", { class: "member" }, ...name);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, first),
    ...measures.map(() => element("td", { class: "amount" })),
  );
}

/** @type {(line: HTMLElement, row: Row, measures: string[], picks: Set<string>, report: Report) => void} */
function fill(line, row, measures, picks, report) {
  const [first, ...cells] = line.children;
  const member = /** @type {HTMLElement} */ (first.firstElementChild);
  const [swatch, name] = /** @type {HTMLCollectionOf<HTMLElement>} */ (member.children);
  const isStatus = String(row.keys[0]) in report.statuses;
  line.dataset.row = row.mark;
  line.classList.toggle("chosen", picks.has(row.mark));
  if (member.tagName === "BUTTON") setAttribute(member, "aria-pressed", picks.has(row.mark));
  member.dataset.mark = row.mark;
  swatch.className = `swatch ${statusColour(row.keys[0], report)}`;
  swatch.hidden = !isStatus;
  setText(name, row.names[0]);
  measures.forEach((one, at) => {
    setText(cells[at], format.full(row.values[one], report.measures[one].format, row.signs[one]));
  });
}
