/** The ranges of values of visuals, so that charts side by side share one axis. */

import { rowsOf } from "./rows.js";
import { reachOf } from "./stacks.js";

/** @import { Answer, Data, Extent, Report, Visual } from "./types.d.ts" */

const TICKS = 4;
/** Below this share, the library's own axis ends before 100 %. */
const NEAR_WHOLE = 0.8;
const ANY = { from: "", to: "" };

/**
 * The extents by visual, over all its *drawn* data.
 * @type {(visuals: Visual[], drawn: Answer["visuals"][], report: Report) => Record<string, Extent>}
 */
export function extentsOf(visuals, drawn, report) {
  const known = visuals.filter(({ missing, unavailable }) => !missing.length && !unavailable);
  return Object.fromEntries(
    known.map((visual) => [visual.name, extentOf(visual, drawn.map((data) => data[visual.name]), report)]),
  );
}

/** @type {(visual: Visual, all: Data[], report: Report) => Extent} */
function extentOf(visual, all, report) {
  const listed = all.flatMap((data) => data.columns?.[visual.measure] ?? []).map(Number);
  if (listed.length) return reach(listed);
  const rows = all.flatMap((data) => rowsOf(visual, data, report, ANY));
  return visual.kind === "flow" ? reachOf(rows, visual) : reach(rows.map(({ value }) => value ?? 0));
}

/** @type {(values: number[]) => Extent} */
const reach = (values) => [Math.min(0, ...values), Math.max(0, ...values)];

/**
 * Ends the axis of *shares* at 100 % if the highest is near it; otherwise the library chooses.
 * @type {(shares: (number | null)[]) => { max: number | null, interval: number | null }}
 */
export function axisOfShares(shares) {
  const highest = Math.max(0, ...shares.map((share) => share ?? 0));
  return highest > NEAR_WHOLE && highest <= 1 ? { max: 1, interval: 1 / TICKS } : { max: null, interval: null };
}

/**
 * An axis that includes *extent*: about four steps of 1, 2 or 5 times a power of ten, from end to end.
 * @type {(extent: Extent, isCount: boolean) => { min: number, max: number, interval: number }}
 */
export function axisOver([low, high], isCount) {
  const size = (high - low) / TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(size));
  const step = power * (/** @type {number} */ ([1, 2, 5, 10].find((one) => one * power >= size)));
  const interval = isCount ? Math.max(1, step) : step;
  const max = Math.ceil(high / interval) * interval;
  return { min: Math.floor(low / interval) * interval, max: max || interval, interval };
}
