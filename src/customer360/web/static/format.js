/** Numbers, dates and months in the reader's locale. */

/** @import { Cell, Format, Measure, Value } from "./types.d.ts" */

const LOCALE = navigator.languages;
const NONE = "—";
const WORDS = new Set(["days", "points", "orders"]);

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
const UNIVERSAL = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

/** @type {Record<Exclude<Format, "date">, (value: number) => string>} */
const FULL = {
  count: (value) => WHOLE.format(value),
  amount: (value) => (Math.abs(value) < 1000 ? CENTS : WHOLE).format(value),
  decimal: (value) => (Math.abs(value) < 1000 ? TENTHS : WHOLE).format(value),
  percent: (value) => SHARE.format(value),
};

/**
 * The full number, for tooltips and tables. *none* is the text for a missing value.
 * @type {(value: Value | string | undefined, format: Format, none?: string) => string}
 */
export function full(value, format, none = NONE) {
  if (value === null || value === undefined) return none;
  return format === "date" ? date(String(value)) : FULL[format](Number(value));
}

/**
 * A field of a customer; text is unchanged.
 * @type {(value: Cell | boolean | undefined, format: Format | "text") => string}
 */
export function field(value, format) {
  if (value === null || value === undefined || value === "") return NONE;
  if (typeof value === "boolean") return value ? "Yes" : "No";
  return format === "text" ? String(value) : full(value, format);
}

/**
 * A short number for a label: three digits, so that all labels of a chart look alike.
 * @type {(value: Value | undefined, format: Format, none?: string) => string}
 */
export function compact(value, format, none = NONE) {
  if (value === null || value === undefined) return none;
  const isShort = Math.abs(value) < 1000 && format !== "amount";
  return format === "percent" || isShort ? full(value, format) : THREE_DIGITS.format(value);
}

/**
 * The shortest number, for a cell of a heat map: a share without its percent sign.
 * @type {(value: number, format: Format) => string}
 */
export function cell(value, format) {
  if (format === "percent") return WHOLE.format(value * 100);
  return Math.abs(value) < 1000 ? full(value, format) : COMPACT.format(value);
}

/**
 * A number for a card: in full up to seven digits.
 * @type {(value: Value | undefined, format: Format, none?: string) => string}
 */
export function large(value, format, none) {
  if (typeof value !== "number" || format === "percent" || Math.abs(value) < 1e7) return full(value, format, none);
  return COMPACT.format(value);
}

/** A tick of an axis. @type {(value: number, format: Format) => string} */
export function tick(value, format) {
  if (format === "percent") return WHOLE_SHARE.format(value);
  return TICK.format(value);
}

/**
 * A number with its unit, unless the number or its label already has it.
 * @type {(value: Value | undefined, measure: Measure, none?: string) => string}
 */
export const told = (value, measure, none) => withUnit(full(value, measure.format, none), value, measure);
/** @type {(value: Value | undefined, measure: Measure, none?: string) => string} */
export const toldLarge = (value, measure, none) => withUnit(large(value, measure.format, none), value, measure);
/** @type {(measure: Measure) => string} */
export const word = ({ unit: name }) => (WORDS.has(name) ? name : "");
/** @type {(text: string, value: Value | undefined, measure: Measure) => string} */
const withUnit = (text, value, measure) =>
  typeof value === "number" && word(measure) ? `${text} ${word(measure)}` : text;

/**
 * The change of a number: "▲ 6.0 %" for a count or an amount, otherwise the difference; "=" if it is unchanged.
 * @type {(now: number, before: number, measure: Measure) => string}
 */
export function growth(now, before, measure) {
  if (now === before) return "=";
  const isWhole = measure.format === "count" || measure.format === "amount";
  const size = Math.abs(now - before);
  const relative = before ? SHARE.format(size / Math.abs(before)) : told(size, measure);
  return `${now > before ? "▲" : "▼"} ${isWhole ? relative : difference(now, before, measure).slice(1)}`;
}

/**
 * The difference of two numbers: "+4.3 pp" between two shares, otherwise in their unit.
 * @type {(one: number, other: number, measure: Measure) => string}
 */
export function difference(one, other, measure) {
  const sign = one === other ? "" : one > other ? "+" : "\u2212";
  const size = Math.abs(one - other);
  const text = measure.format === "percent" ? `${TENTHS.format(size * 100)} pp` : told(size, measure);
  return sign + text;
}

/**
 * A number set by the reader, with the decimals of its parameter.
 * @type {(value: number, digits: number, options?: Intl.NumberFormatOptions) => string}
 */
export const exact = (value, digits, options) => number({ maximumFractionDigits: digits, ...options }).format(value);

/**
 * The number that a reader has typed, in the reader's locale or with a decimal point; NaN if it is invalid.
 *
 * A single separator is the decimal one, unless the locale groups digits with it and three digits follow.
 * @type {(text: string) => number}
 */
export function parse(text) {
  const parts = CENTS.formatToParts(12_345.6);
  /** @type {(type: Intl.NumberFormatPartTypes) => string} */
  const sign = (type) => parts.find((part) => part.type === type)?.value ?? "";
  const typed = text.trim().replace(/[\s\u00a0\u202f'’]/g, "");
  const [group, decimal] = [sign("group"), sign("decimal")];
  const isGrouped = new RegExp(`^[1-9]\\d{0,2}(\\${group}\\d{3})+(\\${decimal}\\d*)?$`).test(typed);
  const plain = isGrouped ? typed.replaceAll(group, "") : typed;
  const written = plain.replace(decimal, ".").replace(",", ".");
  return /^\d*\.?\d*$/.test(written) && /\d/.test(written) ? Number(written) : NaN;
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
/** A timestamp; without a zone, it is in UTC. @type {(iso: string) => string} */
export const universal = (iso) => UNIVERSAL.format(new Date(/Z|[+-]\d\d:\d\d$/.test(iso) ? iso : `${iso}Z`));

/**
 * The unit next to the numbers of a measure; shares and amounts do not need one.
 * @type {(measure: Measure) => string}
 */
export const unit = (measure) => ({ share: "", currency: measure.label, date: "" })[measure.unit] ?? measure.unit;
