/**
 * The report in a browser: reads the address, asks the server, draws the page.
 *
 * One function changes what is shown, `go`; back and forward take the same way. The state is the address, which is
 * written after the charts where these need not wait for the server: writing it takes the browser a millisecond.
 */

import * as api from "./api.js";
import { byId, closest, setText } from "./dom.js";
import * as header from "./header.js";
import * as local from "./local.js";
import * as notices from "./notices.js";
import { Page } from "./page.js";
import { printing } from "./printing.js";
import { Slicers } from "./slicers.js";
import * as chips from "./chips.js";
import { filtersOn } from "./filters.js";
import * as state from "./state.js";
import { onStep, tidy } from "./tidy.js";
import { onThemeChange } from "./theme.js";
import { definitionOf } from "./view.js";

/** @import { Actions, Answer, Charts, Place, Report, ServerState, Timer } from "./types.d.ts" */

const PROGRESS_AFTER = 150;
const LATER = 200;
const root = document.documentElement;
const whenIdle = window.requestIdleCallback ?? ((task) => setTimeout(task, LATER));
const retry = api.retrying(() => load());

/** @type {Report | null} */
let report = null;
/** @type {Charts | null} */
let charts = null;
/** @type {Slicers | null} */
let slicers = null;
/** @type {Page | null} */
let shown = null;
let request = new AbortController();
/** @type {Timer} */
let slow;
let waiting = false;
/** @type {{ page: Page, place: string } | null} */
let told = null;
/** @type {Map<string, Page>} */
const pages = new Map();

/** @type {(address: URL) => Place} */
const placeOf = (address) => ({ page: state.pageOf(address), parameters: state.parametersOf(address) });
let here = placeOf(new URL(location.href));
/** @type {(() => void) | null} */
let unwritten = null;

/**
 * Where a click leads: another address, drawn at once. With *replace* the step is not one to go back to.
 * @type {(place: Place, options?: { replace?: boolean }) => void}
 */
function go({ page, parameters }, { replace = false } = {}) {
  write();
  const address = state.addressOf(page, parameters);
  if (address === location.pathname + location.search) return;
  notices.left([]);
  here = placeOf(new URL(address, location.href));
  unwritten = () => history[replace ? "replaceState" : "pushState"](null, "", address);
  load();
}

function write() {
  unwritten?.();
  unwritten = null;
}

function back() {
  unwritten = null;
  here = placeOf(new URL(location.href));
  load();
}

/** @type {(change: (parameters: URLSearchParams) => URLSearchParams, options?: { replace?: boolean }) => void} */
const filter = (change, options) => {
  const { page, parameters } = here;
  go({ page, parameters: change(parameters) }, options);
};

/** @type {Actions} */
const actions = {
  open: (page) => go({ page, parameters: state.withoutPicks(here.parameters) }),
  pick: (visual, mark, how) => filter((all) => state.withPick(all, visual, mark, how)),
  member: (name, key, chosen) => filter((all) => state.withMember(all, name, key, chosen)),
  range: (name, ends) => filter((all) => state.withRange(all, name, ends)),
  threshold: (name, value, options) => filter((all) => state.withValue(all, name, value), options),
  clear: () => filter(() => new URLSearchParams()),
  remove: (name, value) => filter((all) => state.withMember(all, name, value, false)),
};

/** Asks for the page that the address names; an older question is dropped, a failed one asked again. */
async function load() {
  request.abort();
  const { signal } = (request = new AbortController());
  const { page, parameters } = here;
  const known = local.answer(report, page, parameters);
  if (!known) write();
  const asked = Promise.all([known ?? api.fetchPage(page, state.queryOf(parameters), signal), ready(signal)]);
  const isSamePage = shown?.name === page;
  if (report && !known && isSamePage) showState(report, page, parameters);
  clearTimeout(slow);
  slow = setTimeout(() => {
    notices.busy(true);
    turnTo(page, parameters);
  }, PROGRESS_AFTER);
  try {
    const [answer, drawing] = await asked;
    const current = answer.refresh === report?.refresh.id ? report : await renew(signal);
    if (signal.aborted) return;
    draw(pageCalled(current, drawing, page), stepped(current, page, parameters), answer);
    if (known || !isSamePage) showState(current, here.page, here.parameters); // charts first here too, see Page.update
    retry.done();
    waiting = false;
  } catch (error) {
    if (!api.isAbort(error)) await failed(error, signal);
  } finally {
    if (!signal.aborted) calm();
  }
}

function calm() {
  clearTimeout(slow);
  notices.busy(false);
}

/**
 * Another page than the one on the screen: name, tab and frames turn together, also when its numbers are late.
 * @type {(page: string, parameters: URLSearchParams) => void}
 */
function turnTo(page, parameters) {
  if (!report || !charts || shown?.name === page) return;
  showState(report, page, parameters);
  const next = pageCalled(report, charts, page);
  open(next);
  next.wait(true);
  chips.show(next, parameters, actions);
}

/**
 * With X on a step, as page and address then both say.
 * @type {(current: Report, page: string, parameters: URLSearchParams) => URLSearchParams}
 */
function stepped(current, page, parameters) {
  const exact = onStep(current, parameters);
  if (exact === parameters) return parameters;
  write();
  history.replaceState(null, "", state.addressOf(page, exact));
  here = { page, parameters: exact };
  return exact;
}

/**
 * The report's definition and the charting library, once; both load while the first page is asked for.
 * @type {(signal: AbortSignal) => Promise<Charts>}
 */
async function ready(signal) {
  charts ??= await import("./charts.js");
  if (!report) await renew(signal);
  return charts;
}

/** @type {(signal: AbortSignal) => Promise<Report>} */
async function renew(signal) {
  const before = report;
  const current = (report = await api.fetchReport(signal));
  slicers ??= new Slicers(actions);
  slicers.renew(current);
  header.show(current);
  for (const [name, page] of pages) {
    if (page.fits(current)) page.renew(current);
    else pages.delete(name);
  }
  showState(current, here.page, here.parameters);
  if (before) notices.announce(`New data. ${header.freshness(current)}`);
  return current;
}

/**
 * What can be said before the server answers: which page, which filters.
 * @type {(current: Report, page: string, parameters: URLSearchParams) => void}
 */
function showState(current, page, parameters) {
  const { title } = definitionOf(current, page);
  document.title = `${title} · ${current.name}`;
  setText(byId("title"), title);
  header.markCurrent(page, parameters);
  slicers?.show(current, parameters);
}

/** @type {(page: Page, parameters: URLSearchParams, answer: Answer) => void} */
function draw(page, parameters, answer) {
  notices.clear();
  if (shown !== page) open(page);
  page.update(answer.visuals, parameters, (sliced) => local.answer(report, page.name, sliced));
  chips.show(page, parameters, actions);
  painted(page, parameters);
}

/** @type {(current: Report, drawing: Charts, name: string) => Page} */
function pageCalled(current, drawing, name) {
  const page = pages.get(name) ?? new Page(definitionOf(current, name), current, actions, drawing);
  pages.set(name, page);
  return page;
}

/** @type {(page: Page) => void} */
function open(page) {
  shown?.close();
  shown = page;
  page.open();
}

/**
 * Charts paint in the next frame: only then is an answer on the screen.
 * @type {(page: Page, parameters: URLSearchParams) => void}
 */
function painted(page, parameters) {
  requestAnimationFrame(() => {
    root.dataset.refresh = String(page.report.refresh.id);
    root.dataset.query = state.queryOf(parameters);
    root.dataset.painted = String(Number(root.dataset.painted ?? 0) + 1);
    setTimeout(write);
    whenIdle(() => afterPaint(page, parameters), { timeout: LATER });
  });
}

/** What nobody waits for. @type {(page: Page, parameters: URLSearchParams) => void} */
function afterPaint(page, parameters) {
  page.afterPaint();
  tell(page, parameters);
  local.load(page.report, page.name).then(() => page.complete((sliced) => local.answer(report, page.name, sliced)));
}

/**
 * A step is said to who does not see it; the first page is read anyway.
 * @type {(page: Page, parameters: URLSearchParams) => void}
 */
function tell(page, parameters) {
  const { report: current, name } = page;
  const place = `${name} ${state.queryOf(parameters)}`;
  const isFirst = told === null;
  const isElsewhere = shown !== told?.page;
  if (told?.place === place) return;
  told = { page, place };
  if (isFirst) return;
  const filters = filtersOn(page, parameters).map(({ text }) => text);
  const count = local.countCustomers(current, name, parameters) ?? page.customers();
  const people = count === null ? "" : notices.people(count, current);
  const title = isElsewhere ? definitionOf(current, name).title : "";
  notices.announce([title, people, filters.join(", ") || "No filters"].filter(Boolean).join(". "));
}

/** @type {(error: unknown, signal: AbortSignal) => Promise<void>} */
async function failed(error, signal) {
  if (!(error instanceof api.Refused)) throw error;
  waiting = error.code === "no_results";
  if (error.status === 400) return refused(error, signal);
  if (waiting) empty();
  else unreachable(error);
  retry.later();
}

/** @type {(error: api.Refused) => void} */
function unreachable(error) {
  turnTo(here.page, here.parameters);
  const isDrawn = shown !== null && !shown.isWaiting;
  const isBehind = isDrawn && root.dataset.query !== state.queryOf(here.parameters);
  notices.unreachable(error, { isDrawn, isBehind }, retry.now);
}

/**
 * What is not valid may be so under an older refresh, or a mail program's: the rest of the address still counts.
 * @type {(error: api.Refused, signal: AbortSignal) => Promise<void>}
 */
async function refused(error, signal) {
  retry.done();
  const current = await renew(signal);
  const { page, parameters } = here;
  const { kept, left } = tidy(current, page, parameters);
  if (!left.length) return notices.refused(error, actions.clear);
  go({ page, parameters: kept }, { replace: true });
  notices.left(left);
}

function empty() {
  shown?.close();
  shown = null;
  notices.noResults();
}

/** @type {(state: ServerState) => void} */
function heard({ refresh, database, since }) {
  notices.lost(false);
  notices.database(database === "gone" && since ? since : null);
  const isNew = report ? refresh !== report.refresh.id : waiting;
  if (refresh === null || !isNew) return;
  local.forget();
  load();
}

/** @type {(event: MouseEvent) => void} */
function followLink(event) {
  const link = closest(event, "a[data-page]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  actions.open(link.dataset.page ?? "");
}

history.replaceState(null, "", state.addressOf(here.page, here.parameters));
addEventListener("popstate", back);
document.addEventListener("click", followLink);
onThemeChange(() => pages.forEach((page) => page.recolour()));
printing(() => shown);
new ResizeObserver(() => shown?.resize()).observe(byId("visuals"));
load();
api.follow(heard, () => notices.lost(shown !== null));
