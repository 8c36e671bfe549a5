/**
 * Paints an element on a canvas as the browser shows it: boxes, lines of text, canvases and the polylines of an SVG.
 *
 * This is enough for the visuals of this report and needs no library.
 */

import { penOf } from "./dom.js";
import { colours } from "./theme.js";

/**
 * A canvas of *root* at *scale*; *chart* is a canvas of the chart at that scale.
 * @type {(root: HTMLElement, scale: number, chart?: HTMLCanvasElement) => HTMLCanvasElement}
 */
export function paint(root, scale, chart) {
  const area = root.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(area.width * scale);
  canvas.height = Math.ceil(area.height * scale);
  const pen = penOf(canvas);
  pen.scale(scale, scale);
  pen.translate(-area.left, -area.top);
  paintNode(pen, root, chart);
  return canvas;
}

/** @type {(pen: CanvasRenderingContext2D, node: Node, chart?: HTMLCanvasElement) => void} */
function paintNode(pen, node, chart) {
  if (node instanceof Text) return paintText(pen, node);
  if (!(node instanceof Element) || node.matches(".toolbar, .marks, .visually-hidden")) return;
  const style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  if (style.visibility === "hidden" || !(box.width || style.display === "contents")) return;
  pen.save();
  pen.globalAlpha *= Number(style.opacity);
  paintBox(pen, box, style);
  if (style.overflow !== "visible" && box.width) clip(pen, box, style);
  if (node instanceof HTMLCanvasElement) pen.drawImage(chart ?? node, box.left, box.top, box.width, box.height);
  else if (node instanceof SVGSVGElement) paintDrawing(pen, node, box);
  else for (const child of node.childNodes) paintNode(pen, child, chart);
  pen.restore();
}

/** @type {(pen: CanvasRenderingContext2D, box: DOMRect, style: CSSStyleDeclaration) => void} */
function paintBox(pen, box, style) {
  const radius = parseFloat(style.borderTopLeftRadius) || 0;
  pen.beginPath();
  pen.roundRect(box.left, box.top, box.width, box.height, Math.min(radius, box.width / 2, box.height / 2));
  if (style.backgroundColor !== "rgba(0, 0, 0, 0)") {
    pen.fillStyle = style.backgroundColor;
    pen.fill();
  }
  if (style.borderTopWidth !== "0px" && style.borderTopStyle !== "none" && style.borderLeftWidth !== "0px") {
    pen.lineWidth = parseFloat(style.borderTopWidth);
    pen.strokeStyle = style.borderTopColor;
    pen.stroke();
  } else if (style.borderBottomWidth !== "0px" && style.borderBottomStyle !== "none") {
    const width = parseFloat(style.borderBottomWidth);
    pen.fillStyle = style.borderBottomColor;
    pen.fillRect(box.left, box.bottom - width, box.width, width);
  }
}

/** @type {(pen: CanvasRenderingContext2D, box: DOMRect, style: CSSStyleDeclaration) => void} */
function clip(pen, box, style) {
  pen.beginPath();
  pen.roundRect(box.left, box.top, box.width, box.height, parseFloat(style.borderTopLeftRadius) || 0);
  pen.clip();
}

/**
 * Paints each line of the text at its position in the browser.
 * @type {(pen: CanvasRenderingContext2D, node: Text) => void}
 */
function paintText(pen, node) {
  if (!node.data.trim()) return;
  if (!node.parentElement) return;
  const style = getComputedStyle(node.parentElement);
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  pen.fillStyle = style.color;
  pen.textBaseline = "middle";
  for (const { text, box } of linesOf(node)) {
    pen.fillText(text, box.left, box.top + box.height / 2);
  }
}

/** @type {(node: Text) => { text: string, box: DOMRect }[]} */
function linesOf(node) {
  const range = document.createRange();
  /** @type {{ text: string, box: DOMRect }[]} */
  const lines = [];
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    const line = lines.at(-1);
    if (line && Math.abs(line.box.top - box.top) < 2) line.text += ` ${word}`;
    else lines.push({ text: word, box });
  }
  return lines;
}

/** @type {(pen: CanvasRenderingContext2D, drawing: SVGSVGElement, box: DOMRect) => void} */
function paintDrawing(pen, drawing, box) {
  const { width, height } = drawing.viewBox.baseVal;
  const place = new DOMMatrix([box.width / width, 0, 0, box.height / height, box.left, box.top]);
  pen.lineJoin = pen.lineCap = "round";
  for (const shape of drawing.children) {
    const style = getComputedStyle(shape);
    const path = new Path2D();
    path.addPath(new Path2D(shape.getAttribute("d") ?? `M${shape.getAttribute("points")}`), place);
    pen.strokeStyle = style.stroke;
    pen.lineWidth = parseFloat(style.strokeWidth);
    pen.stroke(path);
  }
}

const CAPTION = { font: '12px "Segoe UI", system-ui, sans-serif', line: 16, edge: 16 };

/**
 * *canvas* with lines of *text* below, for a picture outside its page.
 * @type {(canvas: HTMLCanvasElement, scale: number, text: string) => HTMLCanvasElement}
 */
export function withCaption(canvas, scale, text) {
  const { muted, paper } = colours();
  const whole = document.createElement("canvas");
  const width = canvas.width / scale;
  const lines = wrapped(penOf(whole), text, width - 2 * CAPTION.edge);
  const above = canvas.height / scale;
  whole.width = canvas.width;
  whole.height = Math.ceil((above + lines.length * CAPTION.line + CAPTION.edge) * scale);
  const pen = penOf(whole);
  pen.scale(scale, scale);
  pen.fillStyle = paper;
  pen.fillRect(0, 0, width, whole.height / scale);
  pen.drawImage(canvas, 0, 0, width, above);
  Object.assign(pen, { fillStyle: muted, font: CAPTION.font, textBaseline: "top" });
  lines.forEach((one, at) => pen.fillText(one, CAPTION.edge, above + 8 + at * CAPTION.line));
  return whole;
}

/** @type {(pen: CanvasRenderingContext2D, text: string, width: number) => string[]} */
function wrapped(pen, text, width) {
  pen.font = CAPTION.font;
  return text.split(" ").reduce((/** @type {string[]} */ lines, word) => {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length && pen.measureText(longer).width <= width) return [...lines.slice(0, -1), longer];
    return [...lines, word];
  }, []);
}
