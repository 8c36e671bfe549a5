/** Cards and KPIs: one number with its unit, and what it is held against. */

import { element, setText, svg } from "./dom.js";
import * as format from "./format.js";
import { windowOf } from "./masks.js";

const WIDTH = 96;
const HEIGHT = 32;

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

const NOTHING = { sign: "", mood: "", text: "" };

/** What the number is held against: those outside the filters, or the months before. */
function changeOf(visual, report, data) {
  if (!visual.compare) return NOTHING;
  const measure = report.measures[visual.measure];
  const value = data.values[visual.measure];
  const other = data.values[visual.compare];
  const { expression } = report.measures[visual.compare];
  return expression.case === "Others" ? besideOthers(value, other, measure) : since(value, other, expression, report);
}

/** A difference between groups is neither good nor bad. */
function besideOthers(value, other, measure) {
  if (value === null || other === null) return NOTHING;
  const text = `vs others ${format.toldLarge(other, measure)}`;
  return { sign: format.difference(value, other, measure), mood: "", text };
}

/** Up and down are said by a sign, good and bad also by colour. */
function since(now, before, { of, months }, report) {
  if (before === null) return { ...NOTHING, text: whyNot(months, report) };
  const size = format.change(now, before);
  const text = `vs ${format.large(before, "count")} in ${format.months(windowOf(of, report.refresh.as_of))}`;
  if (size === null || now === before) return { sign: size === null ? "—" : "=", mood: "", text };
  const up = now > before;
  return { sign: `${up ? "▲" : "▼"} ${size}`, way: up ? "up " : "down ", mood: up ? "good" : "bad", text };
}

function whyNot(months, report) {
  const [first] = windowOf({ months, before: 0 }, report.refresh.as_of);
  const known = report.dimensions.join_month.keys;
  return known[0] > first ? `Fewer than ${months} full months to compare` : "Not comparable under this filter";
}

function fillMore(more, visual, report, data) {
  const told = visual.more.filter((name) => data.values[name]); // nobody left out need not be said
  const parts = told.map((name) => {
    const measure = report.measures[name];
    return `${measure.label}: ${format.toldLarge(data.values[name], measure)}`;
  });
  while (more.children.length > parts.length) more.lastChild.remove();
  while (more.children.length < parts.length) more.append(element("span", {}));
  parts.forEach((part, at) => setText(more.children[at], part));
}

function drawSpark(spark, all) {
  const [line, dot] = spark.children;
  const values = all.slice(all.findIndex((value) => value !== null));
  const known = values.filter((value) => value !== null);
  spark.classList.toggle("none", known.length < 2 || !known.some(Boolean));
  if (known.length < 2) return;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const x = (at) => 3 + (at / (values.length - 1)) * (WIDTH - 6);
  const y = (value) => HEIGHT - 3 - ((value - low) / span) * (HEIGHT - 6);
  const points = values.flatMap((value, at) => (value === null ? [] : [[x(at).toFixed(1), y(value).toFixed(1)]]));
  line.setAttribute("points", points.join(" "));
  dot.setAttribute("d", `M${points.at(-1).join(" ")}h0`);
}
