/** The content below the header: a page, or the same page twice, each filtered by one of two members. */

import { comparisonIn, sidesOf } from "./compare.js";
import { element, setAttribute, setText } from "./dom.js";
import { extentsOf } from "./extents.js";
import { Page } from "./page.js";

/** @import { Actions, Answer, Ask, Charts, PageDefinition, Report } from "./types.d.ts" */

export class Screen {
  /**
   * @param {PageDefinition} definition
   * @param {Report} report
   * @param {Actions} actions
   * @param {Charts} charts
   * @param {number} count
   */
  constructor(definition, report, actions, charts, count) {
    this.name = definition.name;
    this.pages = Array.from({ length: count }, () => new Page(definition, report, actions, charts));
    this.heads = this.pages.map(() => element("h2", { class: "side-title" }));
    this.sides = this.pages.map(({ body }, at) => element("section", { class: "side" }, this.heads[at], body));
    this.body = count > 1 ? element("div", { class: "sides" }, ...this.sides) : this.pages[0].body;
  }

  /** The page, or the page of the first side. */
  get page() {
    return this.pages[0];
  }

  /** The number of pages side by side. */
  get count() {
    return this.pages.length;
  }

  get report() {
    return this.page.report;
  }

  get isWaiting() {
    return this.page.isWaiting;
  }

  /** @type {(report: Report) => boolean} */
  fits = (report) => this.page.fits(report);

  /** @type {(report: Report) => void} */
  renew(report) {
    this.pages.forEach((page) => page.renew(report));
  }

  /**
   * Takes an answer for each side. Both sides use the same axes.
   * @type {(answers: Answer[], parameters: URLSearchParams, ask: Ask) => void}
   */
  update(answers, parameters, ask) {
    const asked = sidesOf(parameters);
    this.nameSides(parameters);
    const wholes = this.pages.map((page, at) => page.take(answers[at].visuals, asked[at], ask));
    const drawn = [...answers.map(({ visuals }) => visuals), ...wholes.filter((whole) => whole !== null)];
    const extents = this.pages.length > 1 ? extentsOf(this.page.visuals, drawn, this.report) : {};
    this.pages.forEach((page, at) => page.draw(wholes[at], extents));
  }

  /** @type {(parameters: URLSearchParams) => void} */
  nameSides(parameters) {
    const { dimension = "", members = [] } = comparisonIn(parameters) ?? {};
    const slicer = this.report.slicers.find((one) => one.dimension === dimension);
    members.forEach((member, at) => {
      const label = slicer?.members?.find(({ key }) => String(key) === member)?.label ?? member;
      setText(this.heads[at], label);
      setAttribute(this.sides[at], "aria-label", `${slicer?.label ?? dimension}: ${label}`);
    });
  }

  /** @type {(ask: Ask) => void} */
  complete(ask) {
    this.pages.forEach((page) => page.complete(ask));
  }

  /** @type {(on: boolean) => void} */
  wait(on) {
    this.pages.forEach((page) => page.wait(on));
  }

  close() {
    this.pages.forEach((page) => page.close());
  }

  afterPaint() {
    this.pages.forEach((page) => page.afterPaint());
  }

  resize() {
    this.pages.forEach((page) => page.resize());
  }

  /** @type {(on: boolean) => void} */
  print(on) {
    this.pages.forEach((page) => page.print(on));
  }

  recolour() {
    this.pages.forEach((page) => page.recolour());
  }
}
