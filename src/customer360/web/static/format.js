/** Numbers, days and months as the reader's locale writes them. */

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
 * The whole number: tooltips and tables. Here as below, *none* is what stands for no value.
 * @type {(value: Value | string | undefined, format: Format, none?: string) => string}
 */
export function full(value, format, none = NONE) {
  if (value === null || value === undefined) return none;
  return format === "date" ? date(String(value)) : FULL[format](Number(value));
}

/**
 * A field of a customer: a text stays as it is.
 * @type {(value: Cell | boolean | undefined, format: Format | "text") => string}
 */
export function field(value, format) {
  if (value === null || value === undefined || value === "") return NONE;
  if (typeof value === "boolean") return value ? "Yes" : "No";
  return format === "text" ? String(value) : full(value, format);
}

/**
 * As short as a label at a mark needs: three digits, so that one chart is written in one way.
 * @type {(value: Value | undefined, format: Format, none?: string) => string}
 */
export function compact(value, format, none = NONE) {
  if (value === null || value === undefined) return none;
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
 * A number with its unit, where neither the number nor its name says it.
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
 * How a number has changed: "▲ 6.0 %" of a count or an amount, else by how much; "=" where it has not.
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
 * How far a number is from another: "+4.3 pp" between two shares, else in its own unit.
 * @type {(one: number, other: number, measure: Measure) => string}
 */
export function difference(one, other, measure) {
  const sign = one === other ? "" : one > other ? "+" : "\u2212";
  const size = Math.abs(one - other);
  const text = measure.format === "percent" ? `${TENTHS.format(size * 100)} pp` : told(size, measure);
  return sign + text;
}

/**
 * What a reader sets, with as many decimals as it has.
 * @type {(value: number, digits: number, options?: Intl.NumberFormatOptions) => string}
 */
export const exact = (value, digits, options) => number({ maximumFractionDigits: digits, ...options }).format(value);

/**
 * The number that a reader has typed, in the language of the reader or with a point; NaN where it is none.
 *
 * A lone separator is that of the decimals, unless the reader's language groups with it and three digits follow.
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
/** A moment without a zone, which is one of UTC. @type {(iso: string) => string} */
export const universal = (iso) => UNIVERSAL.format(new Date(/Z|[+-]\d\d:\d\d$/.test(iso) ? iso : `${iso}Z`));

/**
 * The word below or beside numbers of a measure; a share and money say it themselves.
 * @type {(measure: Measure) => string}
 */
export const unit = (measure) => ({ share: "", currency: measure.label, date: "" })[measure.unit] ?? measure.unit;
