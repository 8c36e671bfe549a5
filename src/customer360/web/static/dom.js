/** Creates, finds and changes elements. */

/**
 * In *attributes*, a function is a listener, `true` an attribute without a value, null or false no attribute.
 * @typedef {string | number | boolean | null | undefined} Attribute
 * @typedef {(event: never) => void} Listener
 * @typedef {{ [name: string]: Attribute | Listener, click?: (event: MouseEvent) => void,
 *   keydown?: (event: KeyboardEvent) => void, change?: (event: Event) => void }} Attributes
 * @typedef {Node | string | null | undefined} Child
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
export function element(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @template {Element} N
 * @param {N} node
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, /** @type {EventListener} */ (value));
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** The element of index.html called *id*. @type {(id: string) => HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** The closest element around the target of *event*. @type {(event: Event, selector: string) => HTMLElement | null} */
export const closest = ({ target }, selector) => (target instanceof Element ? target.closest(selector) : null);

/** The drawing context of *canvas*. @type {(canvas: HTMLCanvasElement) => CanvasRenderingContext2D} */
export function penOf(canvas) {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser cannot draw on a canvas");
  return pen;
}

/**
 * Exactly *count* children of *node*: removes surplus children and creates missing ones.
 * @type {(node: Element, count: number, make: () => HTMLElement) => HTMLElement[]}
 */
export function keepChildren(node, count, make) {
  while (node.children.length > count) node.lastElementChild?.remove();
  while (node.children.length < count) node.append(make());
  return /** @type {HTMLElement[]} */ ([...node.children]);
}

/**
 * Writes only a changed text, because writing the same text still costs a layout.
 * @type {(node: Node, text: string) => void}
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @type {(node: Element, name: string, value: string | number | boolean | null) => void} */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

const ICONS = {
  info: ["M8 7.200v4M8 4.800v.1", "M8 1.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13z"],
  table: ["M2 3h12v10H2z", "M2 6.500h12M2 9.800h12M6.500 6.500V13"],
  csv: ["M8 2v8M4.800 7L8 10.200L11.200 7", "M2.500 13.500h11"],
  png: ["M2 3h12v10H2z", "M2.500 11.500l3.500-3.500l2.500 2.500l2-2l3 3", "M10.800 5.800v.1"],
  chart: ["M2.500 2v11.500H14", "M5.500 11V8M8.500 11V5M11.500 11V6.500"],
  light: [
    "M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6z",
    "M8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  ],
  dark: ["M13.500 9.800A6 6 0 0 1 6.200 2.500a6 6 0 1 0 7.300 7.300z"],
  auto: ["M2 3h12v8.500H2z", "M5.500 14h5M8 11.500V14"],
  print: ["M4.500 6V2h7v4", "M4.500 11.500H2V6h12v5.500h-2.500", "M4.500 9.500h7V14h-7z"],
  people: [
    "M6 3a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5z",
    "M1.500 13.500c0-5 9-5 9 0",
    "M10.500 3.300a2.300 2.300 0 0 1 0 4.400M12.300 9.600c1.500.6 2.200 2 2.200 3.900",
  ],
  back: ["M9.500 3.500L5 8l4.500 4.500"],
  close: ["M4 4l8 8M12 4l-8 8"],
  down: ["M4 6l4 4l4-4"],
  filter: ["M2 3.500h12M4.500 8h7M6.500 12.500h3"],
};

/** @typedef {keyof typeof ICONS} IconName */

/** @type {(name: IconName) => SVGElement} */
export function icon(name) {
  const paths = ICONS[name].map((path) => svg("path", { d: path }));
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, ...paths);
}
