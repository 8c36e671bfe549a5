/** Numbers, days and months as the reader's locale writes them. */

/** @import { Format, Measure, Value } from "./types.d.ts" */

const LOCALE = navigator.languages;
const NONE = "—";
const WORDS = new Set(["days", "points"]);

/** @type {(options: Intl.NumberFormatOptions) => Intl.NumberFormat} */
const number = (options) => new Intl.NumberFormat(LOCALE, options);
/** @type {(options: Intl.DateTimeFormatOptions) => Intl.DateTimeFormat} */
const day = (options) => new Intl.DateTimeFormat(LOCALE, { timeZone: "UTC", ...options });

const WHOLE = number({ maximumFractionDigits: 0 });
const CENTS = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const TENTHS = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SHARE = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const WHOLE_SHARE = number({ style: "percent", maximumFractionDigits: 0 });
const COMPACT = number({ notation: "compact", maximumFractionDigits: 1 });
const THREE_DIGITS = number({ notation: "compact", minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const TICK = number({ notation: "compact", maximumSignificantDigits: 3 });
const DAY = day({ day: "numeric", month: "short", year: "numeric" });
const MONTH = day({ month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

/** @type {Record<Exclude<Format, "date">, (value: number) => string>} */
const FULL = {
  count: (value) => WHOLE.format(value),
  amount: (value) => (Math.abs(value) < 1000 ? CENTS : WHOLE).format(value),
  decimal: (value) => TENTHS.format(value),
  percent: (value) => SHARE.format(value),
};

/** The whole number: tooltips and tables. @type {(value: Value | string | undefined, format: Format) => string} */
export function full(value, format) {
  if (value === null || value === undefined) return NONE;
  return format === "date" ? date(String(value)) : FULL[format](Number(value));
}

/**
 * As short as a label at a mark needs: three digits, so that one chart is written in one way.
 * @type {(value: Value | undefined, format: Format) => string}
 */
export function compact(value, format) {
  if (value === null || value === undefined) return NONE;
  const isShort = Math.abs(value) < 1000 && format !== "amount";
  return format === "percent" || isShort ? full(value, format) : THREE_DIGITS.format(value);
}

/**
 * As short as a cell of a heat map needs: of a share the per cents alone.
 * @type {(value: number, format: Format) => string}
 */
export function cell(value, format) {
  if (format === "percent") return WHOLE.format(value * 100);
  return Math.abs(value) < 1000 ? full(value, format) : COMPACT.format(value);
}

/**
 * As large as a card has room for: whole up to seven digits.
 * @type {(value: Value | undefined, format: Format) => string}
 */
export function large(value, format) {
  if (typeof value !== "number" || format === "percent" || Math.abs(value) < 1e7) return full(value, format);
  return COMPACT.format(value);
}

/** A tick of an axis. @type {(value: number, format: Format) => string} */
export function tick(value, format) {
  if (format === "percent") return WHOLE_SHARE.format(value);
  return TICK.format(value);
}

/**
 * A number with its unit, where neither the number nor its name says it.
 * @type {(value: Value | undefined, measure: Measure) => string}
 */
export const told = (value, measure) => withUnit(full(value, measure.format), value, measure);
/** @type {(value: Value | undefined, measure: Measure) => string} */
export const toldLarge = (value, measure) => withUnit(large(value, measure.format), value, measure);
/** @type {(measure: Measure) => string} */
export const word = ({ unit: name }) => (WORDS.has(name) ? name : "");
/** @type {(text: string, value: Value | undefined, measure: Measure) => string} */
const withUnit = (text, value, measure) =>
  typeof value === "number" && word(measure) ? `${text} ${word(measure)}` : text;

/**
 * A change as "6.0 %", without a sign; none where there was nothing before.
 * @type {(now: number, before: number) => string | null}
 */
export const change = (now, before) => (before ? SHARE.format(Math.abs(now - before) / Math.abs(before)) : null);

/**
 * How far a number is from another: "+4.3 pp" between two shares, else in its own unit.
 * @type {(one: number, other: number, measure: Measure) => string}
 */
export function difference(one, other, measure) {
  const sign = one === other ? "" : one > other ? "+" : "\u2212";
  const size = Math.abs(one - other);
  const text = measure.format === "percent" ? `${TENTHS.format(size * 100)} pp` : told(size, measure);
  return sign + text;
}

/** @type {(value: number) => string} */
export const whole = (value) => WHOLE.format(value);
/** @type {(iso: string) => string} */
export const date = (iso) => DAY.format(new Date(iso));
/** @type {(iso: string) => string} */
export const month = (iso) => MONTH.format(new Date(iso));
/** @type {(ends: [first: string, last: string]) => string} */
export const months = ([first, last]) => `${month(first)} – ${month(last)}`;
/** @type {(iso: string) => string} */
export const year = (iso) => iso.slice(0, 4);
/** @type {(iso: string) => string} */
export const moment = (iso) => MOMENT.format(new Date(iso));

/**
 * The word below or beside numbers of a measure; a share and money say it themselves.
 * @type {(measure: Measure) => string}
 */
export const unit = (measure) => ({ share: "", currency: measure.label, date: "" })[measure.unit] ?? measure.unit;
