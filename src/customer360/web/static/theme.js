/** Light, dark or as the system says; and the palette's colours for those who draw on a canvas. */

const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const forced = matchMedia("(forced-colors: active)");
let cached = null;

export const theme = () => root.dataset.theme;

/** Goes to the next theme and keeps it for the next visit. */
export function nextTheme() {
  if (forced.matches) return theme();
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  localStorage.setItem("theme", next);
  wear(next);
  return next;
}

export function wear(name) {
  root.dataset.theme = name;
  root.dispatchEvent(new Event("themechange"));
}

export function onThemeChange(changed) {
  const forget = () => {
    cached = null;
    changed();
  };
  root.addEventListener("themechange", forget);
  system.addEventListener("change", forget);
  forced.addEventListener("change", () => {
    root.dataset.theme = forced.matches ? "auto" : (localStorage.getItem("theme") ?? "auto");
    forget();
  });
}

/** The palette as it is now: `colours()["main-soft"]`. */
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

/** Where the reader's system sets the colours, text and ground on a canvas are its own. */
function systemColours() {
  const probe = document.body.appendChild(document.createElement("span"));
  const [ink, paper] = ["CanvasText", "Canvas"].map((name) => {
    probe.style.color = name;
    return hex(getComputedStyle(probe).color);
  });
  probe.remove();
  return { ink, muted: ink, focus: ink, paper, canvas: paper };
}

const hex = (rgb) =>
  `#${rgb.match(/[\d.]+/g).slice(0, 3).map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** The name of the colour of a loyalty status. */
export const statusColour = (key, report) => (report.statuses[key] ? `status-${report.statuses[key]}` : "unknown");

/** Ink or paper: the one that is easier to read on *background*. */
export function textOn(background) {
  const { ink, paper } = colours();
  return contrast(ink, background) > contrast(paper, background) ? ink : paper;
}

/** What is left of a colour when its mark is not picked and others are. */
export const dimmed = (colour) => mixed(colours().paper, colour, 0.35);

/**
 * Where between heat-low and heat-high a share of 0 to 1 lies, and whether ink can be read there.
 *
 * The middle, on which neither ink nor paper has a contrast of 4.5, is left out.
 */
export function heat(share) {
  const { to, from } = readable();
  const position = share * (to + 1 - from);
  return position <= to ? { position, dark: false } : { position: position + from - to, dark: true };
}

function readable() {
  const palette = colours();
  if (palette.readable) return palette.readable;
  const steps = Array.from({ length: 101 }, (_, step) => step / 100);
  const on = (text) => (step) => contrast(text, mixed(palette["heat-low"], palette["heat-high"], step)) >= 4.55;
  const to = steps.findLast(on(palette.ink)) ?? 0;
  const from = Math.max(to, steps.find(on(palette.paper)) ?? 1);
  return (palette.readable = { to, from });
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const mixed = (low, high, share) => {
  const end = channels(high);
  const parts = channels(low).map((value, at) => Math.round(value + (end[at] - value) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
};

function luminance(hex) {
  const [red, green, blue] = channels(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
