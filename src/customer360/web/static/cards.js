/** Cards and KPIs: one number, how it went for those who joined lately, what it is held against. */

import { element, setText, svg } from "./dom.js";
import * as format from "./format.js";

const WIDTH = 96;
const HEIGHT = 32;

export function card() {
  const number = element("p", { class: "number" });
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" };
  const spark = svg("svg", { class: "spark", "aria-hidden": "true", ...box }, svg("polyline"), svg("path"));
  const sign = element("span", { class: "sign" });
  const text = element("span", {});
  const delta = element("p", { class: "delta" }, sign, text);
  const more = element("p", { class: "more" });
  const figures = element("div", { class: "figures" }, number, spark);
  return {
    body: element("div", { class: "card" }, figures, delta, more),
    update({ visual, report, data }) {
      const measure = report.measures[visual.measure];
      const value = data.values[visual.measure];
      setText(number, format.large(value, measure.format));
      number.title = format.full(value, measure.format);
      drawSpark(spark, data.spark?.values ?? []);
      const said = changeOf(visual, report, data);
      setText(sign, said.sign);
      setText(text, said.text);
      delta.title = `${said.sign} ${said.text}`;
      delta.className = `delta ${said.mood}`;
      fillMore(more, visual, report, data);
    },
  };
}

/** What the number is held against; up and down are said by a sign, good and bad also by colour. */
function changeOf(visual, report, data) {
  const measure = report.measures[visual.measure];
  if (visual.compare) {
    const value = data.values[visual.measure];
    const other = data.values[visual.compare];
    const against = report.measures[visual.compare].label.split(", ").at(-1);
    const same = value === other && value !== null;
    const text = `${same ? "" : "vs "}${against.toLowerCase()} ${format.large(other, measure.format)}`;
    return { ...direction(value, other, measure), text };
  }
  const { now = null, before = null } = data.change ?? {};
  if (now === null && before === null) return { sign: "", mood: "", text: "" };
  return { ...direction(now, before, measure), text: "joined last 12 months vs 12 before" };
}

function direction(now, before, measure) {
  const size = now === null || before === null ? null : format.change(now, before, measure.format);
  if (size === null) return { sign: "—", mood: "" };
  if (now === before) return { sign: "=", mood: "" };
  const up = now > before;
  const mood = measure.good ? (up === (measure.good === "up") ? "good" : "bad") : "";
  return { sign: `${up ? "▲" : "▼"} ${size}`, mood };
}

function fillMore(more, visual, report, data) {
  const told = visual.more.filter((name) => data.values[name]); // nobody left out need not be said
  const parts = told.map((name) => {
    const { label, format: written } = report.measures[name];
    return `${label} ${format.large(data.values[name], written)}`;
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
