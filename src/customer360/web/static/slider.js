/** The parameter X: a slider and a number, both on the steps only, since a measure is exact there. */

import { element, setText } from "./dom.js";
import * as format from "./format.js";
import { stepOf } from "./tidy.js";

const SETTLED = 120;
let last = 0;

export function slider(frame) {
  const id = `slider-${++last}`;
  const number = element("output", { class: "number", for: id });
  const field = element("input", { type: "number", min: 0, step: "any", inputmode: "decimal" });
  const share = element("p", { class: "more" });
  const input = element("input", { id, type: "range", min: 0, step: 1, "aria-label": frame.visual.title });
  const ticks = element("div", { class: "ticks", "aria-hidden": "true" });
  let timer = 0;
  let replace = false; // one step back undoes a whole drag
  const edges = () => frame.report.parameter.edges;
  const set = (edge) => {
    clearTimeout(timer);
    frame.actions.threshold(edge === frame.report.parameter.default ? null : String(edge), { replace });
  };
  const drag = () => {
    set(edges()[input.value]);
    replace = true;
  };
  input.addEventListener("input", () => {
    show(edges()[input.value]);
    clearTimeout(timer);
    timer = setTimeout(drag, SETTLED);
  });
  input.addEventListener("change", () => {
    drag();
    replace = false;
  });
  field.addEventListener("change", () => {
    const wanted = field.valueAsNumber;
    if (!(wanted >= 0)) return show(edges()[input.value]);
    const edge = stepOf(edges(), wanted);
    input.value = edges().indexOf(edge);
    show(edge);
    set(edge);
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.blur());
  const show = (x) => {
    setText(number, format.full(x, "count"));
    field.value = x;
    input.setAttribute("aria-valuetext", format.full(x, "count"));
    const at = edges().length > 1 ? input.value / (edges().length - 1) : 0;
    input.style.setProperty("--share", `${(at * 100).toFixed(1)}%`);
  };
  const row = element("div", { class: "x" }, number, element("label", {}, "Set X", field));
  return {
    body: element("div", { class: "slider" }, row, share, input, ticks),
    update({ data, report, visual }) {
      const all = edges();
      input.max = all.length - 1;
      input.disabled = field.disabled = all.length < 2;
      input.value = all.indexOf(stepOf(all, data.x));
      show(all[input.value] ?? data.x);
      fillTicks(ticks, all);
      const measure = report.measures[visual.measure];
      setText(share, `${format.full(data.values[visual.measure], measure.format)} of customers are above`);
    },
  };
}

/** The first, the middle and the last edge are enough to read the scale. */
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
