/** Numbers, days and months as the reader's locale writes them. */

const LOCALE = navigator.languages;
const NONE = "—";
const WORDS = new Set(["days", "points"]);

const number = (options) => new Intl.NumberFormat(LOCALE, options);
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

const FULL = {
  count: (value) => WHOLE.format(value),
  amount: (value) => (Math.abs(value) < 1000 ? CENTS : WHOLE).format(value),
  decimal: (value) => TENTHS.format(value),
  percent: (value) => SHARE.format(value),
  date: (value) => DAY.format(new Date(value)),
};

/** The whole number: tooltips and tables. */
export const full = (value, format) => (value === null || value === undefined ? NONE : FULL[format](value));

/** As short as a label at a mark needs: three digits, so that one chart is written in one way. */
export function compact(value, format) {
  if (value === null || value === undefined) return NONE;
  const isShort = Math.abs(value) < 1000 && format !== "amount";
  return format === "percent" || isShort ? full(value, format) : THREE_DIGITS.format(value);
}

/** As short as a cell of a heat map needs: of a share the per cents alone. */
export function cell(value, format) {
  if (format === "percent") return WHOLE.format(value * 100);
  return Math.abs(value) < 1000 ? full(value, format) : COMPACT.format(value);
}

/** As large as a card has room for: whole up to seven digits. */
export function large(value, format) {
  if (typeof value !== "number" || format === "percent" || Math.abs(value) < 1e7) return full(value, format);
  return COMPACT.format(value);
}

/** A tick of an axis. */
export function tick(value, format) {
  if (format === "percent") return WHOLE_SHARE.format(value);
  return TICK.format(value);
}

/** A number with its unit, where neither the number nor its name says it. */
export const told = (value, measure) => withUnit(full(value, measure.format), value, measure);
export const toldLarge = (value, measure) => withUnit(large(value, measure.format), value, measure);
export const word = ({ unit: name }) => (WORDS.has(name) ? name : "");
const withUnit = (text, value, measure) =>
  typeof value === "number" && word(measure) ? `${text} ${word(measure)}` : text;

/** A change as "6.0 %", without a sign; none where there was nothing before. */
export const change = (now, before) => (before ? SHARE.format(Math.abs(now - before) / Math.abs(before)) : null);

/** How far a number is from another: "+4.3 pp" between two shares, else in its own unit. */
export function difference(one, other, measure) {
  const sign = one === other ? "" : one > other ? "+" : "\u2212";
  const size = Math.abs(one - other);
  const text = measure.format === "percent" ? `${TENTHS.format(size * 100)} pp` : told(size, measure);
  return sign + text;
}

export const whole = (value) => WHOLE.format(value);
export const date = (iso) => DAY.format(new Date(iso));
export const month = (iso) => MONTH.format(new Date(iso));
export const months = ([first, last]) => `${month(first)} – ${month(last)}`;
export const year = (iso) => iso.slice(0, 4);
export const moment = (iso) => MOMENT.format(new Date(iso));

/** The word below or beside numbers of a measure; a share and money say it themselves. */
export const unit = (measure) => ({ share: "", currency: measure.label, date: "" })[measure.unit] ?? measure.unit;
