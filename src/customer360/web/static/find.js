/** The search for a customer. The text is sent only to the server and never appears in the URL. */

import * as api from "./api.js";
import { element, setText } from "./dom.js";

/** @import { Customers } from "./types.d.ts" */

const HINT = "Customer ID, your own ID, start of a name, or full e-mail address";

const MOST = 50;

/**
 * A form that passes the results to *found*, and null when the search ends.
 * @type {(found: (customers: Customers | null) => void) => HTMLElement}
 */
export function searchForm(found) {
  const field = element("input", {
    type: "search",
    class: "search",
    placeholder: "Search customers",
    "aria-label": "Search customers",
    "aria-describedby": "search-hint",
    title: HINT,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 200,
    "data-keep": "search",
  });
  const hint = element("span", { id: "search-hint", class: "visually-hidden" }, HINT);
  const said = element("p", { class: "search-said", role: "status" });
  const button = element("button", { type: "submit", class: "button" }, "Search");
  const form = element("form", { class: "customer-search", role: "search" }, field, hint, button, said);
  let request = new AbortController();
  const ask = async () => {
    request.abort();
    request = new AbortController();
    const text = field.value.trim();
    if (!text) return tell(null);
    try {
      tell(await api.search(text, request.signal));
    } catch (error) {
      if (api.isAbort(error)) return;
      if (!(error instanceof api.Refused)) throw error;
      setText(said, error.message || "The server cannot be reached; try again.");
    }
  };
  /** @type {(customers: Customers | null) => void} */
  const tell = (customers) => {
    setText(said, customers ? saidOf(customers.rows.length) : "");
    found(customers);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  field.addEventListener("input", () => {
    if (!field.value) ask();
  });
  return form;
}

/** @type {(count: number) => string} */
function saidOf(count) {
  if (!count) return "No customers found. Enter the full e-mail address.";
  if (count === MOST) return `The first ${MOST} are shown`;
  return `${count === 1 ? "1 customer" : `${count} customers`} found`;
}
