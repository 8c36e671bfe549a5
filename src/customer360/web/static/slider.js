/** The parameter X: a slider that stands on the edges only, since a measure is exact there. */

import { element, setText } from "./dom.js";
import * as format from "./format.js";

const SETTLED = 120;
let last = 0;

export function slider(frame) {
  const id = `slider-${++last}`;
  const number = element("output", { class: "number", for: id });
  const share = element("p", { class: "more" });
  const input = element("input", { id, type: "range", min: 0, step: 1, "aria-label": frame.visual.title });
  const ticks = element("div", { class: "ticks", "aria-hidden": "true" });
  let timer = 0;
  let replace = false; // one step back undoes a whole drag
  const edges = () => frame.report.parameter.edges;
  const set = () => {
    clearTimeout(timer);
    const edge = edges()[input.value];
    frame.actions.threshold(edge === frame.report.parameter.default ? null : String(edge), { replace });
    replace = true;
  };
  input.addEventListener("input", () => {
    show(edges()[input.value]);
    clearTimeout(timer);
    timer = setTimeout(set, SETTLED);
  });
  input.addEventListener("change", () => {
    set();
    replace = false;
  });
  const show = (x) => {
    setText(number, format.full(x, "count"));
    input.setAttribute("aria-valuetext", format.full(x, "count"));
    const at = edges().length > 1 ? input.value / (edges().length - 1) : 0;
    input.style.setProperty("--share", `${(at * 100).toFixed(1)}%`);
  };
  return {
    body: element("div", { class: "slider" }, number, share, input, ticks),
    update({ data, report, visual }) {
      const all = edges();
      const at = all.findIndex((edge) => edge >= data.x);
      input.max = all.length - 1;
      input.disabled = all.length < 2;
      input.value = at === -1 ? all.length - 1 : at;
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
