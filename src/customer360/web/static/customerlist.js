/** The list of customers behind a number, page by page. */

import * as api from "./api.js";
import { element, icon, setText } from "./dom.js";
import { headOf, linesOf } from "./customerrows.js";
import { searchForm } from "./find.js";
import * as format from "./format.js";
import { questionOf, titleOf } from "./people.js";
import { popover } from "./popover.js";

/** @import { CustomerPage, Customers, Report } from "./types.d.ts" */

/** @typedef {{ set: (name: string, value: string | null) => void, reload: () => void }} ListActions */

export class CustomerList {
  name = "customers";
  /** @type {1} */
  count = 1;
  title = "Customers";
  isWaiting = true;
  isFresh = false;
  place = { page: 0, frame: 0 };
  /** @type {CustomerPage | null} */
  page = null;
  /** @type {Report | null} */
  report = null;
  /** @type {Customers | null} */
  searched = null;
  request = new AbortController();

  /**
   * @param {URLSearchParams} parameters
   * @param {ListActions} actions
   */
  constructor(parameters, actions) {
    this.parameters = parameters;
    this.actions = actions;
    this.said = element("div", { class: "said-filters" });
    this.tools = element("div", { class: "list-tools" });
    this.form = searchForm((found) => this.search(found));
    this.table = element("table", {});
    this.empty = element("p", { class: "nobody", hidden: true }, "No customers match");
    const named = { role: "group", "aria-label": "Customers" };
    this.frame = element("div", { class: "scroll customers-frame", tabindex: "0", ...named }, this.table, this.empty);
    this.shown = element("p", { class: "shown", role: "status" });
    this.more = element("button", { type: "button", class: "button", click: () => this.showMore() }, "Show more");
    const foot = element("div", { class: "list-foot" }, this.shown, this.more);
    const head = element("div", { class: "list-head" }, this.form, this.tools);
    const parts = [this.said, head, this.frame, foot];
    this.body = element("section", { class: "people list", "aria-labelledby": "title" }, ...parts);
  }

  get windowTitle() {
    return this.title;
  }

  /**
   * Requests as many rows as were shown, so that new results do not move the reader.
   * @type {(signal: AbortSignal) => Promise<number>}
   */
  async ask(signal) {
    this.request.abort();
    const wanted = this.page?.rows.length ?? 0;
    let page = await api.fetchCustomers(questionOf(this.parameters), signal);
    while (page.next && page.rows.length < wanted) {
      const next = await api.fetchCustomers(questionOf(this.parameters, page.next), signal);
      if (next.refresh !== page.refresh) return this.ask(signal);
      page = { ...page, rows: [...page.rows, ...next.rows], next: next.next };
    }
    this.page = page;
    return page.refresh;
  }

  /** @type {(report: Report) => void} */
  draw(report) {
    if (!this.page) return;
    const isAgain = !this.isWaiting;
    this.report = report;
    this.title = titleOf(this.page);
    this.fillTools(this.page, report);
    this.fill();
    if (isAgain && this.searched) this.form.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
  }

  /** @type {(page: CustomerPage, report: Report) => void} */
  fillTools({ said, ignored, csv, command }, report) {
    const filters = said.map(({ label, text }) => element("span", { class: "filter" }, `${label}: ${text}`));
    const note = ignored.length ? element("p", { class: "note" }, `Not filtered by ${ignored.join(", ")}`) : null;
    this.said.replaceChildren(...filters, ...(note ? [note] : []));
    this.said.hidden = !this.said.childElementCount;
    const file = element("a", { class: "button", href: csv, download: true }, icon("csv"), "Download CSV");
    this.tools.replaceChildren(...this.audiences(report), file, ...asCommand(command));
  }

  /** The choice of a saved audience. @type {(report: Report) => HTMLElement[]} */
  audiences({ people }) {
    if (!people?.audiences.length) return [];
    const change = () => this.actions.set("audience", select.value || null);
    const select = element("select", { class: "select", "data-keep": "audience", change });
    select.append(element("option", { value: "" }, "All"));
    select.append(...people.audiences.map((name) => element("option", { value: name }, name)));
    select.value = this.parameters.get("audience") ?? "";
    return [element("label", { class: "audience" }, element("span", {}, "Audience"), select)];
  }

  /** Shows the list, or the results of a search instead. */
  fill() {
    const { page, report, parameters } = this;
    if (!page || !report) return;
    const shown = this.searched ?? page;
    const sort = this.searched ? null : page.sort;
    const caption = element("caption", { class: "visually-hidden" }, this.searched ? "Search results" : this.title);
    const lines = element("tbody", {}, ...linesOf(shown, { report, parameters }));
    const head = headOf(shown.columns, sort, (next) => this.actions.set("sort", next));
    this.table.replaceChildren(caption, head, lines);
    this.table.hidden = !shown.rows.length;
    this.empty.hidden = Boolean(shown.rows.length);
    this.foot();
  }

  foot() {
    const { page, searched } = this;
    if (!page) return;
    this.shown.hidden = Boolean(searched);
    setText(this.shown, `${format.whole(page.rows.length)} of ${format.whole(page.count)} shown`);
    this.more.hidden = !page.next || Boolean(searched);
  }

  /** @type {(found: Customers | null) => void} */
  search(found) {
    this.searched = found;
    this.fill();
  }

  /** Appends the next page. Starts again if new results were published or the position is no longer valid. */
  async showMore() {
    const { page, report, parameters } = this;
    if (!page?.next || !report) return;
    this.more.setAttribute("aria-disabled", "true");
    const { signal } = (this.request = new AbortController());
    try {
      const next = await api.fetchCustomers(questionOf(parameters, page.next), signal);
      if (next.refresh !== page.refresh) return this.actions.reload();
      this.page = { ...page, rows: [...page.rows, ...next.rows], next: next.next };
      const lines = linesOf(next, { report, parameters });
      this.table.tBodies[0].append(...lines);
      if (!next.next) lines[0]?.querySelector("a")?.focus();
      this.foot();
    } catch (error) {
      if (api.isAbort(error)) return;
      if (!(error instanceof api.Refused)) throw error;
      if (error.status === 400) return this.actions.reload();
      setText(this.shown, error.message || "The server cannot be reached; try again.");
    } finally {
      this.more.removeAttribute("aria-disabled");
    }
  }

  /** @type {(on: boolean) => void} */
  wait(on) {
    this.isWaiting = on;
    this.body.classList.toggle("waiting", on);
    this.body.inert = on;
  }

  opened() {
    this.frame.scrollTop = this.place.frame;
    scrollTo(0, this.place.page);
  }

  close() {
    this.place = { page: scrollY, frame: this.frame.scrollTop };
  }

  settle() {}
  resize() {}
  recolour() {}
  afterPaint() {}
  print() {}
}

/** The same list on the command line, to copy. @type {(command: string) => HTMLElement[]} */
function asCommand(command) {
  const code = element("code", { class: "command", tabindex: "0" }, command);
  const copied = element("span", { role: "status" });
  const click = async () => {
    try {
      await navigator.clipboard.writeText(command);
      setText(copied, "Copied");
    } catch {
      getSelection()?.selectAllChildren(code); // the clipboard requires a secure connection
      setText(copied, "Press Ctrl+C");
    }
  };
  const copy = element("button", { type: "button", class: "button", click }, "Copy");
  const button = element("button", { type: "button", class: "button select" }, "Command", icon("down"));
  const copying = element("div", { class: "copy" }, copy, copied);
  const panel = popover(button, "The same list on the command line", code, copying);
  panel.addEventListener("beforetoggle", () => setText(copied, ""));
  return [button, panel];
}
