/** The control that compares two members of a slicer side by side. */

import { comparable, comparisonIn } from "./compare.js";
import { element, icon, setText } from "./dom.js";
import { popover } from "./popover.js";

/** @import { Actions, Comparison, MemberSlicer, Report } from "./types.d.ts" */

/** @typedef {{ body: HTMLElement, show(report: Report, parameters: URLSearchParams): void }} Comparer */

/** @type {(report: Report, actions: Actions) => Comparer} */
export function comparer(report, actions) {
  const slicers = comparable(report);
  const of = choice("Compare", slicers.map(({ dimension, label }) => [dimension, label]));
  const members = [choice("One side", []), choice("Other side", [])];
  const [one, other] = members.map(({ select }) => select);
  const start = element("button", { type: "button", class: "button" }, "Show side by side");
  const stop = element("button", { type: "button", class: "button quiet" }, "Stop comparing");
  const text = element("span", {}, "Compare");
  const button = element("button", { type: "button", class: "button select" }, text, icon("down"));
  const fields = [of, ...members].map(({ body }) => body);
  const buttons = element("div", { class: "buttons" }, start, stop);
  const panel = popover(button, "Compare two side by side", element("div", { class: "comparer" }, ...fields, buttons));

  /** @type {(chosen?: [string, string]) => void} */
  const list = (chosen) => {
    const slicer = slicers.find(({ dimension }) => dimension === of.select.value) ?? slicers[0];
    const [first, second] = chosen ?? slicer.members.map(({ key }) => String(key));
    fillMembers(one, slicer, first);
    fillMembers(other, slicer, second);
  };
  const act = (/** @type {Comparison | null} */ comparison) => {
    panel.hidePopover();
    actions.compare(comparison);
  };
  of.select.addEventListener("change", () => list());
  swap(one, other);
  swap(other, one);
  start.addEventListener("click", () => act({ dimension: of.select.value, members: [one.value, other.value] }));
  stop.addEventListener("click", () => act(null));
  return {
    body: element("div", { class: "slicer" }, button, panel),
    /** @type {Comparer["show"]} */
    show(_, parameters) {
      const comparison = comparisonIn(parameters);
      stop.hidden = !comparison;
      if (comparison) of.select.value = comparison.dimension;
      list(comparison?.members);
      setText(text, comparison ? `Compare: ${namesOf(slicers, comparison).join(" | ")}` : "Compare");
    },
  };
}

/**
 * @type {(label: string, options: [value: string, label: string][])
 *   => { body: HTMLElement, select: HTMLSelectElement }}
 */
function choice(label, options) {
  const select = element("select", { class: "select" });
  select.append(...options.map(([value, written]) => element("option", { value }, written)));
  return { body: element("label", { class: "choice" }, element("span", {}, label), select), select };
}

/** @type {(select: HTMLSelectElement, slicer: MemberSlicer, chosen: string) => void} */
function fillMembers(select, { members }, chosen) {
  select.replaceChildren(...members.map(({ key, label }) => element("option", { value: key }, label)));
  select.value = select.dataset.chosen = chosen;
}

/**
 * Keeps the two sides different: choosing the other side's member swaps the two.
 * @type {(select: HTMLSelectElement, other: HTMLSelectElement) => void}
 */
function swap(select, other) {
  select.addEventListener("change", () => {
    if (select.value === other.value) other.value = select.dataset.chosen ?? "";
    for (const one of [select, other]) one.dataset.chosen = one.value;
  });
}

/** @type {(slicers: MemberSlicer[], comparison: Comparison) => string[]} */
function namesOf(slicers, { dimension, members }) {
  const slicer = slicers.find((one) => one.dimension === dimension);
  return members.map((member) => slicer?.members.find(({ key }) => String(key) === member)?.label ?? member);
}
