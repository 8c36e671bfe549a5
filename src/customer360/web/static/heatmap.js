/** Heat maps: tables of coloured cells, which are updated in place while the grid is unchanged. */

import { widthOf } from "./axes.js";
import { closest, element, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { rove, stop } from "./roving.js";
import { below, WITHHELD_SIGN } from "./small.js";
import { heat } from "./theme.js";
import * as tip from "./tip.js";

/** @import { Drawing, Format, Frame, Key, Row } from "./types.d.ts" */

/**
 * A key with its label; the members in rows and columns; and the cell of each pair of keys.
 * @typedef {[key: Key, name: string]} Member
 * @typedef {{ lines: Member[], columns: Member[], cells: Map<string, { mark: HTMLElement, names: string }>,
 *   key: string, pickable: boolean }} Grid
 */

/** @type {(frame: Frame) => Drawing} */
export function heatMap(frame) {
  const scroll = element("div", { class: "heat-scroll" });
  const most = element("span", {});
  const scale = element("p", { class: "heat-scale" }, "0", ...ramp(), most);
  const body = element("div", { class: "heat" }, scroll, scale);
  /** @type {Grid | null} */
  let grid = null;
  tip.over(frame, body);
  rove(body, { width: () => grid?.columns.length ?? 1 });
  body.addEventListener("click", (event) => {
    const button = closest(event, "button[data-mark]");
    if (button && !button.getAttribute("aria-disabled")) frame.pick(button.dataset.mark ?? "", event);
  });
  return {
    body,
    update(view) {
      const wanted = gridOf(view);
      if (grid?.key !== wanted.key) {
        grid = wanted;
        scroll.replaceChildren(build(view, grid));
        scroll.style.setProperty("--columns", String(grid.columns.length));
        setAttribute(scroll, "tabindex", view.visual.pickable ? null : "0");
        setAttribute(scroll, "role", view.visual.pickable ? null : "group");
        setAttribute(scroll, "aria-label", view.visual.pickable ? null : view.visual.title);
      }
      fill(view, grid, most);
    },
    recolour: (view) => grid && fill(view, grid, most),
  };
}

/** The legend of the colours. @type {() => HTMLElement[]} */
function ramp() {
  return [0, 25, 50, 75, 100].map((share) => {
    const step = element("span", { class: "step" });
    step.style.setProperty("--heat", `${share}%`);
    return step;
  });
}

/**
 * The members of both axes that have a value, in order; bands ascend from the bottom, as on any other axis.
 * @type {(frame: Frame) => Grid}
 */
function gridOf({ rows, visual, report }) {
  const known = rows.filter((row) => row.value !== null || row.signs[visual.measure]);
  /** @type {(at: number) => Member[]} */
  const axis = (at) => [...new Map(known.map((row) => [row.keys[at], row.names[at]]))];
  /** @type {(at: number) => (one: Member, other: Member) => number} */
  const byPlace = (at) => {
    const { keys } = report.dimensions[visual.by[at]];
    return ([one], [other]) => keys.indexOf(one) - keys.indexOf(other);
  };
  const [lines, columns] = [0, 1].map((at) => axis(at).sort(byPlace(at)));
  if (report.dimensions[visual.by[0]].type === "band") lines.reverse();
  return { lines, columns, cells: new Map(), key: JSON.stringify([lines, columns]), pickable: visual.pickable };
}

/** @type {(frame: Frame, grid: Grid) => HTMLElement} */
function build({ visual, report }, grid) {
  const [down, across] = visual.by.map((name) => report.dimensions[name].label);
  const names = [`${across} →`, `${down} ↓`];
  const lines = names.map((name) => element("span", {}, name));
  const corner = element("th", { class: "corner", scope: "col" }, ...lines);
  corner.style.setProperty("--width", `${Math.ceil(Math.max(...names.map((name) => widthOf(name)))) + 16}px`);
  const heads = grid.columns.map(([, name]) => element("th", { scope: "col" }, breakable(name)));
  const rows = grid.lines.map((line) => {
    const cells = grid.columns.map((column) => cell(grid, line, column));
    return element("tr", {}, element("th", { scope: "row" }, line[1]), ...cells);
  });
  return element(
    "table",
    { "aria-label": visual.title },
    element("thead", {}, element("tr", {}, corner, ...heads)),
    element("tbody", {}, ...rows),
  );
}

/** Allows a line break after the dash of a band. @type {(name: string) => string} */
const breakable = (name) => name.replace("–", "–\u200B");

/** @type {(grid: Grid, line: Member, column: Member) => HTMLElement} */
function cell(grid, line, column) {
  const mark = grid.pickable ? element("button", { type: "button", tabindex: "-1" }) : element("span", {});
  mark.className = "heat-cell";
  grid.cells.set(`${line[0]},${column[0]}`, { mark, names: `${line[1]}, ${column[1]}` });
  return element("td", {}, mark);
}

/** @type {(frame: Frame, grid: Grid, end: Element) => void} */
function fill({ rows, picks, visual, report, extent }, grid, end) {
  const { format: written } = report.measures[visual.measure];
  const most = Math.max(extent?.[1] ?? 0, ...rows.map((row) => row.value ?? 0));
  const known = new Map(rows.map((row) => [row.keys.join(","), row]));
  for (const [keys, { mark, names }] of grid.cells) {
    const row = known.get(keys) ?? { mark: keys, value: null };
    const sign = known.get(keys)?.signs[visual.measure];
    paint(mark, row, most, written, sign && (sign === below(report.smallest) ? sign : WITHHELD_SIGN));
    if (!grid.pickable) continue;
    setAttribute(mark, "aria-pressed", picks.has(row.mark));
    setAttribute(mark, "aria-disabled", known.has(keys) ? null : "true");
    const shown = mark.textContent ? `${mark.textContent} · ` : "";
    setAttribute(mark, "aria-label", `${shown}${names}: ${format.full(row.value, written, sign)}`);
  }
  if (grid.pickable) stop([...grid.cells.values()].map(({ mark }) => mark));
  setText(end, format.tick(most, written));
}

/**
 * *sign* replaces a suppressed number.
 * @type {(mark: HTMLElement, row: Pick<Row, "mark" | "value">, most: number, written: Format, sign?: string) => void}
 */
function paint(mark, row, most, written, sign) {
  const { position, dark } = heat(most ? Math.max(0, row.value ?? 0) / most : 0);
  const share = `${(position * 100).toFixed(0)}%`;
  if (mark.dataset.mark !== row.mark) mark.dataset.mark = row.mark;
  setText(mark, sign ?? (row.value === null ? "" : format.cell(row.value, written)));
  if (mark.style.getPropertyValue("--heat") !== share) mark.style.setProperty("--heat", share);
  mark.classList.toggle("dark", dark);
  mark.classList.toggle("none", row.value === null);
  mark.classList.toggle("few", sign !== undefined);
}
