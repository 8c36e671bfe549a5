/** Cards and KPIs: one number with its unit, and a comparison. */

import { element, keepChildren, setText, svg } from "./dom.js";
import * as format from "./format.js";
import { signsIn } from "./small.js";

/** @import { Drawing, FrameOf, Measure, Months, Report, Signs, SingleData, Value, Visual } from "./types.d.ts" */

/** @typedef {{ sign: string, mood: "" | "good" | "bad", text: string, start?: string }} Comparison */

/** The text of a sign for screen readers. @type {Record<string, string>} */
const WAYS = { "▲": "up ", "▼": "down " };
const WIDTH = 96;
const HEIGHT = 32;

/** @type {() => Drawing} */
export function card() {
  const figure = element("span", {});
  const unit = element("span", { class: "unit" });
  const number = element("p", { class: "number" }, figure, unit);
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" };
  const spark = svg("svg", { class: "spark", "aria-hidden": "true", ...box }, svg("polyline"), svg("path"));
  const sign = element("span", { class: "sign" });
  const way = element("span", { class: "visually-hidden" });
  const [start, text] = [element("span", {}), element("span", {})];
  const delta = element("p", { class: "delta" }, start, " ", way, sign, " ", text);
  const more = element("p", { class: "more" });
  const figures = element("div", { class: "figures" }, number, spark);
  return {
    body: element("div", { class: "card" }, figures, delta, more),
    /** @type {(frame: FrameOf<SingleData>) => void} */
    update({ visual, report, data }) {
      const measure = report.measures[visual.measure];
      const value = data.values[visual.measure];
      const signs = signsIn(data, report)(0);
      setText(figure, format.large(value, measure.format, signs[visual.measure]));
      setText(unit, value === null ? "" : format.word(measure));
      number.title = format.told(value, measure, signs[visual.measure]);
      spark.toggleAttribute("hidden", measure.expression.case !== "LastMonths"); // others have no past in the data
      drawSpark(spark, data.spark?.values ?? []);
      const said = changeOf(visual, report, data, signs);
      setText(sign, said.sign);
      setText(start, said.start ?? "");
      setText(way, WAYS[said.sign[0]] ?? "");
      setText(text, said.text);
      delta.title = [said.start, said.sign, said.text].filter(Boolean).join(" ");
      delta.className = `delta ${said.mood}`;
      delta.hidden = !said.text && !said.start;
      fillMore(more, visual, report, data, signs);
    },
  };
}

/** @type {Comparison} */
const NOTHING = { sign: "", mood: "", text: "" };

/**
 * The comparison of the number: with customers outside the filters, or with the same month a year earlier.
 * @type {(visual: Visual, report: Report, data: SingleData, signs: Signs) => Comparison}
 */
function changeOf(visual, report, data, signs) {
  if (!visual.compare) return NOTHING;
  const measure = report.measures[visual.compared ?? visual.measure];
  const value = data.values[visual.compared ?? visual.measure];
  const other = data.values[visual.compare];
  const { case: how } = report.measures[visual.compare].expression;
  if (how === "Others") return besideOthers(value, other, measure);
  if (!data.months) return { ...NOTHING, text: data.reason ?? "" };
  return since(visual, value, other, measure, data.months, signs);
}

/**
 * A difference between groups is neither good nor bad.
 * @type {(value: Value, other: Value, measure: Measure) => Comparison}
 */
function besideOthers(value, other, measure) {
  if (value === null || other === null) return NOTHING;
  const text = `vs others ${format.toldLarge(other, measure)}`;
  return { sign: format.difference(value, other, measure), mood: "", text };
}

/**
 * "Jun 2026: 41,203 ▲ 3.1 % vs Jun 2025"; if the card already shows the month's number, the earlier one instead.
 *
 * Colour also shows whether it is better or worse.
 * @type {(visual: Visual, now: Value, before: Value, measure: Measure, months: Months, signs: Signs) => Comparison}
 */
function since({ compared }, now, before, measure, months, signs) {
  const month = format.month(months.compared);
  const start = compared ? `${month}: ${format.toldLarge(now, measure, signs[compared])}` : month;
  if (now === null || before === null) return { ...NOTHING, start };
  const text = `vs ${compared ? "" : `${format.toldLarge(before, measure)} in `}${format.month(months.compare)}`;
  return { start, sign: format.growth(now, before, measure), mood: moodOf(now, before, measure), text };
}

/** @type {(now: number, before: number, measure: Measure) => Comparison["mood"]} */
function moodOf(now, before, { good }) {
  if (!good || now === before) return "";
  return now > before === (good === "up") ? "good" : "bad";
}

/** @type {(more: Element, visual: Visual, report: Report, data: SingleData, signs: Signs) => void} */
function fillMore(more, visual, report, data, signs) {
  const isAbove = (/** @type {string} */ name) => data.months && name === visual.compared; // shown with its month
  const isSaid = (/** @type {string} */ name) => data.values[name] || signs[name]; // zero is not mentioned
  const told = visual.more.filter((name) => isSaid(name) && !isAbove(name));
  const parts = told.map((name) => {
    const measure = report.measures[name];
    return `${measure.label}: ${format.toldLarge(data.values[name], measure, signs[name])}`;
  });
  keepChildren(more, parts.length, () => element("span", {})).forEach((line, at) => setText(line, parts[at]));
}

/** @type {(spark: SVGElement, all: Value[]) => void} */
function drawSpark(spark, all) {
  const [line, dot] = spark.children;
  const values = all.slice(all.findIndex((value) => value !== null));
  const known = values.filter((value) => value !== null);
  spark.classList.toggle("none", known.length < 2 || !known.some(Boolean));
  if (known.length < 2) return;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  /** @type {(at: number) => number} */
  const x = (at) => 3 + (at / (values.length - 1)) * (WIDTH - 6);
  /** @type {(value: number) => number} */
  const y = (value) => HEIGHT - 3 - ((value - low) / span) * (HEIGHT - 6);
  const points = values.flatMap((value, at) => (value === null ? [] : [[x(at).toFixed(1), y(value).toFixed(1)]]));
  line.setAttribute("points", points.join(" "));
  dot.setAttribute("d", `M${points.at(-1)?.join(" ")}h0`);
}
