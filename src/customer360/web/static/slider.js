/** The parameter X: a slider and a number, both on the steps only, since a measure is exact there. */

import { element, setText } from "./dom.js";
import * as format from "./format.js";
import { stepOf } from "./tidy.js";

/** @import { Drawing, Frame, FrameOf, SingleData, Timer } from "./types.d.ts" */

const SETTLED = 120;
let last = 0;

/** @type {(frame: Frame) => Drawing} */
export function slider(frame) {
  const id = `slider-${++last}`;
  const number = element("output", { class: "number", for: id });
  const field = element("input", { type: "number", min: 0, step: "any", inputmode: "decimal" });
  const share = element("p", { class: "more" });
  const input = element("input", { id, type: "range", min: 0, step: 1, "aria-label": frame.visual.title });
  const ticks = element("div", { class: "ticks", "aria-hidden": "true" });
  /** @type {Timer} */
  let timer;
  let replace = false; // one step back undoes a whole drag
  const edges = () => frame.report.parameter.edges;
  /** @type {(edge: number) => void} */
  const set = (edge) => {
    clearTimeout(timer);
    const { name, default: usual } = frame.report.parameter;
    frame.actions.threshold(name, edge === usual ? null : String(edge), { replace });
  };
  const drag = () => {
    set(edges()[input.valueAsNumber]);
    replace = true;
  };
  input.addEventListener("input", () => {
    show(edges()[input.valueAsNumber]);
    clearTimeout(timer);
    timer = setTimeout(drag, SETTLED);
  });
  input.addEventListener("change", () => {
    drag();
    replace = false;
  });
  field.addEventListener("change", () => {
    const wanted = field.valueAsNumber;
    if (!(wanted >= 0)) return show(edges()[input.valueAsNumber]);
    const edge = stepOf(edges(), wanted) ?? wanted;
    input.value = String(edges().indexOf(edge));
    show(edge);
    set(edge);
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.blur());
  /** @type {(x: number) => void} */
  const show = (x) => {
    setText(number, format.full(x, "count"));
    field.value = String(x);
    input.setAttribute("aria-valuetext", format.full(x, "count"));
    const at = edges().length > 1 ? input.valueAsNumber / (edges().length - 1) : 0;
    input.style.setProperty("--share", `${(at * 100).toFixed(1)}%`);
  };
  const row = element("div", { class: "x" }, number, element("label", {}, "Set X", field));
  return {
    body: element("div", { class: "slider" }, row, share, input, ticks),
    /** @type {(frame: FrameOf<SingleData>) => void} */
    update({ data, report, visual }) {
      const all = edges();
      input.max = String(all.length - 1);
      input.disabled = field.disabled = all.length < 2;
      const { x = report.parameter.default } = data;
      input.value = String(all.findIndex((edge) => edge === stepOf(all, x)));
      show(all[input.valueAsNumber] ?? x);
      fillTicks(ticks, all);
      const measure = report.measures[visual.measure];
      setText(share, `${format.full(data.values[visual.measure], measure.format)} of customers are above`);
    },
  };
}

/**
 * The first, the middle and the last edge are enough to read the scale.
 * @type {(ticks: Element, edges: number[]) => void}
 */
function fillTicks(ticks, edges) {
  const shown = [...new Set([0, Math.floor((edges.length - 1) / 2), edges.length - 1])];
  if (ticks.children.length === shown.length) return;
  const marks = shown.map((at) => {
    const tick = element("span", {}, format.tick(edges[at], "count"));
    tick.style.setProperty("--at", `${(at / Math.max(1, edges.length - 1)) * 100}%`);
    return tick;
  });
  ticks.replaceChildren(...marks);
}
