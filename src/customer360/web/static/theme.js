/** The theme, light, dark or that of the system, and the palette's colours for canvases. */

/** @import { Cell, Palette, Report, Theme } from "./types.d.ts" */

/** @type {Theme[]} */
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const forced = matchMedia("(forced-colors: active)");
/** @type {Palette | null} */
let cached = null;
/** @type {{ to: number, from: number } | null} */
let span = null;

/** @type {() => Theme} */
export const theme = () => themeOf(root.dataset.theme);

/** @type {(name: string | undefined) => Theme} */
const themeOf = (name) => THEMES.find((one) => one === name) ?? "auto";

/** Switches to the next theme and saves it for the next visit. @type {() => Theme} */
export function nextTheme() {
  if (forced.matches) return theme();
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  localStorage.setItem("theme", next);
  wear(next);
  return next;
}

/** @type {(name: Theme) => void} */
export function wear(name) {
  root.dataset.theme = name;
  root.dispatchEvent(new Event("themechange"));
}

/** @type {(changed: () => void) => void} */
export function onThemeChange(changed) {
  const forget = () => {
    cached = span = null;
    changed();
  };
  root.addEventListener("themechange", forget);
  system.addEventListener("change", forget);
  forced.addEventListener("change", () => {
    root.dataset.theme = forced.matches ? "auto" : (localStorage.getItem("theme") ?? "auto");
    forget();
  });
}

/** The current palette: `colours()["main-soft"]`. @type {() => Palette} */
export function colours() {
  if (cached) return cached;
  const style = getComputedStyle(root);
  const names = "ink muted line paper canvas main main-soft good bad unknown focus on-main heat-low heat-high";
  const statuses = [1, 2, 3, 4, 5, 6].map((n) => `status-${n}`);
  cached = Object.fromEntries(
    [...names.split(" "), ...statuses].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  );
  if (forced.matches) Object.assign(cached, systemColours());
  return cached;
}

/** The system's colours of text and background, if the system overrides colours. */
function systemColours() {
  const probe = document.body.appendChild(document.createElement("span"));
  const [ink, paper] = ["CanvasText", "Canvas"].map((name) => {
    probe.style.color = name;
    return hexOf(getComputedStyle(probe).color);
  });
  probe.remove();
  return { ink, muted: ink, focus: ink, paper, canvas: paper };
}

/** @type {(number: number) => string} */
const twoDigits = (number) => Math.round(number).toString(16).padStart(2, "0");

/** @type {(rgb: string) => string} */
const hexOf = (rgb) =>
  `#${[...rgb.matchAll(/[\d.]+/g)].slice(0, 3).map(([part]) => twoDigits(Number(part))).join("")}`;

/** The colour name of a loyalty status. @type {(key: Cell, report: Report) => string} */
export function statusColour(key, report) {
  const number = report.statuses[String(key)];
  return number ? `status-${number}` : "unknown";
}

/** Ink or paper: the one that is easier to read on *background*. @type {(background: string) => string} */
export function textOn(background) {
  const { ink, paper } = colours();
  return contrast(ink, background) > contrast(paper, background) ? ink : paper;
}

/** The dimmed colour of a mark that is not picked while others are. @type {(colour: string) => string} */
export const dim = (colour) => mix(colours().paper, colour, 0.35);

/**
 * The position of a share of 0 to 1 between heat-low and heat-high, and whether ink is readable on it.
 *
 * Skips the middle, where neither ink nor paper has a contrast of 4.5.
 * @type {(share: number) => { position: number, dark: boolean }}
 */
export function heat(share) {
  const { to, from } = readableEnds();
  const position = share * (to + 1 - from);
  return position <= to ? { position, dark: false } : { position: position + from - to, dark: true };
}

/** @type {() => { to: number, from: number }} */
function readableEnds() {
  if (span) return span;
  const palette = colours();
  const steps = Array.from({ length: 101 }, (_, step) => step / 100);
  /** @type {(text: string) => (step: number) => boolean} */
  const on = (text) => (step) => contrast(text, mix(palette["heat-low"], palette["heat-high"], step)) >= 4.55;
  const to = steps.findLast(on(palette.ink)) ?? 0;
  const from = Math.max(to, steps.find(on(palette.paper)) ?? 1);
  return (span = { to, from });
}

/** @type {(hex: string) => number[]} */
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
/** @type {(low: string, high: string, share: number) => string} */
const mix = (low, high, share) => {
  const end = channels(high);
  const parts = channels(low).map((value, at) => Math.round(value + (end[at] - value) * share));
  return `#${parts.map(twoDigits).join("")}`;
};

/** @type {(hex: string) => number} */
function luminance(hex) {
  const [red, green, blue] = channels(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @type {(one: string, other: string) => number} */
function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
