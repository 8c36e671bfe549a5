/** The links next to the title: from a page of the report to its customers, and back. */

import { comparisonIn, sidesOf } from "./compare.js";
import { byId, element, icon } from "./dom.js";
import { backTo, customerIn, isPeople, LIST, listAddress } from "./people.js";
import { addressOf } from "./state.js";

/** @import { Report } from "./types.d.ts" */

const place = byId("customers");

/** @type {(report: Report, page: string, parameters: URLSearchParams) => void} */
export function show(report, page, parameters) {
  const links = isPeople(page) ? [back(report, page, parameters)] : there(report, page, parameters);
  const written = links.map(([text, address]) => `${text} ${address}`).join("\n");
  if (place.dataset.written === written) return;
  place.dataset.written = written;
  place.replaceChildren(...links.map(([text, address]) => link(text, address, isPeople(page) ? "back" : "people")));
}

/**
 * One link, or one for each side of a comparison.
 * @type {(report: Report, page: string, parameters: URLSearchParams) => [text: string, address: string][]}
 */
function there(report, page, parameters) {
  if (!report.people) return [];
  const { dimension, members = [] } = comparisonIn(parameters) ?? {};
  const slicer = report.slicers.find((one) => one.dimension === dimension);
  return sidesOf(parameters).map((side, at) => {
    const member = members[at];
    const label = slicer?.members?.find(({ key }) => String(key) === member)?.label ?? member;
    return [member === undefined ? "See these customers" : `See the customers of ${label}`, listAddress({ page }, side)];
  });
}

/** @type {(report: Report, page: string, parameters: URLSearchParams) => [text: string, address: string]} */
function back(report, page, parameters) {
  if (customerIn(page)) return ["Back to the list", addressOf(LIST, parameters)];
  const { title, address } = backTo(report, parameters);
  return [`Back to ${title}`, address];
}

/** @type {(text: string, address: string, sign: "people" | "back") => HTMLElement} */
const link = (text, address, sign) =>
  element("a", { class: "button", href: address, "data-place": true }, icon(sign), element("span", {}, text));
