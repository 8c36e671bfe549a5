/** Cards and KPIs: one number with its unit, and what it is held against. */

import { element, keepChildren, setText, svg } from "./dom.js";
import * as format from "./format.js";
import { windowOf } from "./masks.js";

/** @import { Comparable, Drawing, FrameOf, Measure, Report, SingleData, Value, Visual } from "./types.d.ts" */

/** @typedef {{ sign: string, mood: "" | "good" | "bad", text: string, way?: string }} Comparison */

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
  const text = element("span", {});
  const delta = element("p", { class: "delta" }, way, sign, " ", text);
  const more = element("p", { class: "more" });
  const figures = element("div", { class: "figures" }, number, spark);
  return {
    body: element("div", { class: "card" }, figures, delta, more),
    /** @type {(frame: FrameOf<SingleData>) => void} */
    update({ visual, report, data }) {
      const measure = report.measures[visual.measure];
      const value = data.values[visual.measure];
      setText(figure, format.large(value, measure.format));
      setText(unit, value === null ? "" : format.word(measure));
      number.title = format.told(value, measure);
      spark.toggleAttribute("hidden", measure.expression.case !== "LastMonths"); // nothing else has a past in the data
      drawSpark(spark, data.spark?.values ?? []);
      const said = changeOf(visual, report, data);
      setText(sign, said.sign);
      setText(way, said.way ?? "");
      setText(text, said.text);
      delta.title = `${said.sign} ${said.text}`.trim();
      delta.className = `delta ${said.mood}`;
      delta.hidden = !said.text;
      fillMore(more, visual, report, data);
    },
  };
}

/** @type {Comparison} */
const NOTHING = { sign: "", mood: "", text: "" };

/**
 * What the number is held against: those outside the filters, or the months before.
 * @type {(visual: Visual, report: Report, data: SingleData) => Comparison}
 */
function changeOf(visual, report, data) {
  if (!visual.compare) return NOTHING;
  const measure = report.measures[visual.measure];
  const value = data.values[visual.measure];
  const other = data.values[visual.compare];
  const { expression } = report.measures[visual.compare];
  if (expression.case === "Others") return besideOthers(value, other, measure);
  return expression.case === "Comparable" ? since(value, other, expression, report) : NOTHING;
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
 * Up and down are said by a sign, good and bad also by colour.
 * @type {(now: Value, before: Value, expression: Comparable, report: Report) => Comparison}
 */
function since(now, before, { of, months }, report) {
  if (before === null) return { ...NOTHING, text: whyNot(months, report) };
  if (now === null || of.case !== "LastMonths") return NOTHING;
  const size = format.change(now, before);
  const text = `vs ${format.large(before, "count")} in ${format.months(windowOf(of, report.refresh.as_of))}`;
  if (size === null || now === before) return { sign: size === null ? "—" : "=", mood: "", text };
  const up = now > before;
  return { sign: `${up ? "▲" : "▼"} ${size}`, way: up ? "up " : "down ", mood: up ? "good" : "bad", text };
}

/** @type {(months: number, report: Report) => string} */
function whyNot(months, report) {
  const [first] = windowOf({ months, before: 0 }, report.refresh.as_of);
  const known = report.dimensions.join_month.keys;
  return known[0] > first ? `Fewer than ${months} full months to compare` : "Not comparable under this filter";
}

/** @type {(more: Element, visual: Visual, report: Report, data: SingleData) => void} */
function fillMore(more, visual, report, data) {
  const told = visual.more.filter((name) => data.values[name]); // nobody left out need not be said
  const parts = told.map((name) => {
    const measure = report.measures[name];
    return `${measure.label}: ${format.toldLarge(data.values[name], measure)}`;
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
