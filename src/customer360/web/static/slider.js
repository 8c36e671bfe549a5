/**
 * A number that the reader sets: a slider over steps, and a field for any number.
 *
 * A threshold over bands moves from edge to edge, where the page itself can compute the share. A number between two
 * edges is exact if the server can read the single values; otherwise the next edge is used, and the page says so.
 */

import { element, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { signsIn } from "./small.js";
import { standing, stepOf } from "./tidy.js";

/** @import { Drawing, Frame, FrameOf, Parameter, Report, SingleData, Timer, Visual } from "./types.d.ts" */

const SETTLED = 120;
const MOVES = { ArrowUp: 1, ArrowDown: -1 };
/** @type {Intl.NumberFormatOptions} */
const COMPACT = { notation: "compact" };
let last = 0;

/** @type {(frame: Frame) => Drawing} */
export const slider = (frame) => new Slider(frame);

class Slider {
  x = NaN;
  written = "";
  /** @type {Timer} */
  timer = undefined;
  replace = false; // the back button undoes a whole drag

  /** @param {Frame} frame */
  constructor(frame) {
    const { title, parameter } = frame.visual;
    this.frame = frame;
    this.name = parameter ?? "";
    const described = { id: `slider-${++last}`, class: "said", role: "status" };
    this.message = element("p", described);
    const typing = { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false" };
    const named = { "aria-label": `Set to: ${title}`, "aria-describedby": described.id };
    this.field = element("input", { ...typing, ...named });
    this.range = element("input", { type: "range", min: 0, step: 1, "aria-label": title });
    this.leads = element("p", { class: "more" });
    this.ticks = element("div", { class: "ticks", "aria-hidden": "true" });
    const label = element("label", {}, element("span", {}, "Set to"), this.field);
    this.body = element("div", { class: "slider" }, label, this.leads, this.range, this.ticks, this.message);
    this.listen();
  }

  get parameter() {
    return this.frame.report.parameters[this.name];
  }

  get steps() {
    return stepsOf(this.parameter);
  }

  listen() {
    this.range.addEventListener("input", () => this.drag(this.steps[this.range.valueAsNumber]));
    this.range.addEventListener("change", () => this.settle());
    this.field.addEventListener("change", () => this.type());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("blur", () => {
      this.replace = false;
    });
  }

  /** @type {(frame: FrameOf<SingleData>) => void} */
  update({ data, report, visual }) {
    const { steps, parameter } = this;
    const { x = parameter.default, used = x } = data;
    this.range.max = String(Math.max(0, steps.length - 1));
    this.range.disabled = steps.length < 2;
    if (x !== this.x || used !== x) this.tell(used === x ? "" : this.instead(x, used));
    this.show(used);
    fillTicks(this.ticks, steps, parameter.digits);
    setText(this.leads, sentence(visual, report, data));
  }

  /** @type {(x: number) => void} */
  show(x) {
    const { digits } = this.parameter;
    const place = placeOf(this.steps, x);
    this.x = x;
    this.field.value = this.written = format.exact(x, digits, { useGrouping: false });
    this.range.value = String(place);
    setAttribute(this.range, "aria-valuetext", format.exact(x, digits));
    this.range.style.setProperty("--share", `${((place / Math.max(1, this.steps.length - 1)) * 100).toFixed(1)}%`);
  }

  /** Shows *x* immediately, and requests its result when the slider has stopped. @type {(x: number) => void} */
  drag(x) {
    this.show(x);
    this.tell("");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.set();
      this.replace = true;
    }, SETTLED);
  }

  settle() {
    this.set();
    this.replace = false;
  }

  set() {
    clearTimeout(this.timer);
    const { x, replace } = this;
    this.frame.actions.parameter(this.name, x === this.parameter.default ? null : String(x), { replace });
  }

  /** Applies the typed number on Enter or on leaving the field; a second event changes nothing. */
  type() {
    if (this.field.value !== this.written) this.take();
    else if (this.field.hasAttribute("aria-invalid")) this.tell("");
  }

  take() {
    const { most, digits } = this.parameter;
    const typed = format.parse(this.field.value);
    if (!(typed <= most)) return this.tell(`Use a number from 0 to ${format.exact(most, digits, COMPACT)}`, true);
    const x = standing(this.parameter, typed);
    const isOther = x !== this.x;
    this.show(x);
    this.tell(x === Number(typed.toFixed(digits)) ? "" : this.instead(typed, x));
    if (isOther) this.set();
  }

  /** @type {(event: KeyboardEvent) => void} */
  press(event) {
    if (event.key === "Enter") this.type();
    const move = MOVES[/** @type {keyof typeof MOVES} */ (event.key)];
    if (!move) return;
    event.preventDefault();
    const next = stepBeside(this.steps, this.x, move);
    if (next !== undefined) this.drag(next);
  }

  /** @type {(x: number, used: number) => string} */
  instead(x, used) {
    const [given, taken] = [x, used].map((value) => format.exact(value, this.parameter.digits));
    return `${given} is between two steps; ${taken} is used`;
  }

  /** @type {(text: string, isWrong?: boolean) => void} */
  tell(text, isWrong = false) {
    setText(this.message, text);
    setAttribute(this.field, "aria-invalid", isWrong ? "true" : null);
  }
}

/**
 * The steps of the slider: edges, or 1, 2 and 5 times powers of ten, from a tenth of the default to ten times it.
 * @type {(parameter: Parameter) => number[]}
 */
export function stepsOf({ edges, default: usual, most, digits }) {
  if (edges) return edges;
  const low = Math.floor(Math.log10(usual)) - 1;
  const powers = [low, low + 1, low + 2];
  const steps = powers.flatMap((power) => [1, 2, 5].map((one) => Number((one * 10 ** power).toFixed(digits))));
  return steps.filter((step) => step >= usual / 10 && step <= Math.min(most, usual * 10));
}

/** The index of the step at *x*, or of the next one up. @type {(steps: number[], x: number) => number} */
const placeOf = (steps, x) => steps.indexOf(stepOf(steps, x) ?? 0);

/** @type {(steps: number[], x: number, move: number) => number | undefined} */
export const stepBeside = (steps, x, move) =>
  move > 0 ? steps.find((step) => step > x) : steps.findLast((step) => step < x);

/** The result of the number, as a sentence. @type {(visual: Visual, report: Report, data: SingleData) => string} */
function sentence({ measure: name }, report, data) {
  const measure = report.measures[name];
  const sign = signsIn(data, report)(0)[name];
  const told = format.toldLarge(data.values[name], measure, sign);
  if (sign) return `${measure.label}: ${told}`;
  return measure.format === "percent" ? `${told} of customers are above` : `${measure.label}: ${told}`;
}

/**
 * Labels the first, middle and last step, which is enough to read the scale.
 * @type {(ticks: Element, steps: number[], digits: number) => void}
 */
function fillTicks(ticks, steps, digits) {
  const shown = [...new Set([0, Math.floor((steps.length - 1) / 2), steps.length - 1])];
  const texts = shown.map((at) => format.exact(steps[at] ?? 0, digits, COMPACT));
  if (ticks.textContent === texts.join("")) return;
  const marks = shown.map((at, place) => {
    const tick = element("span", {}, texts[place]);
    tick.style.setProperty("--at", `${(at / Math.max(1, steps.length - 1)) * 100}%`);
    return tick;
  });
  ticks.replaceChildren(...marks);
}
