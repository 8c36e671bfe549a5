/**
 * The report in a browser: reads the URL, requests the numbers, draws the page.
 *
 * Only `go` changes what is shown; back and forward take the same path. The state is the URL. When the charts need no
 * request, it is written after them, because writing it takes the browser a millisecond.
 */

import * as api from "./api.js";
import { byId, setText } from "./dom.js";
import * as header from "./header.js";
import { following } from "./links.js";
import * as local from "./local.js";
import * as notices from "./notices.js";
import { printing } from "./printing.js";
import { Screen } from "./screen.js";
import { Slicers } from "./slicers.js";
import * as chips from "./chips.js";
import * as customerLinks from "./customerlinks.js";
import { requireKnown, sidesOf, withComparison } from "./compare.js";
import { carried, customerIn, isPeople, LIST, withoutFilters } from "./people.js";
import * as state from "./state.js";
import * as telling from "./telling.js";
import { onStep, tidy } from "./tidy.js";
import { onThemeChange } from "./theme.js";
import { definitionOf } from "./view.js";
import { enter, refusal, Visits } from "./visits.js";

/** @import { Actions, Answer, Charts, CustomerScreen, Place, Report, ServerState, Shown } from "./types.d.ts" */

const LATER = 200;
const root = document.documentElement;
const visuals = byId("visuals");
const whenIdle = window.requestIdleCallback ?? ((task) => setTimeout(task, LATER));
const retry = api.retrying(() => load());

/** @type {Report | null} */
let report = null;
/** @type {Charts | null} */
let charts = null;
/** @type {Slicers | null} */
let slicers = null;
/** @type {Shown | null} */
let shown = null;
let request = new AbortController();
let waiting = false;
/** The newest refresh that the server has reported. @type {number | null} */
let latest = null;
/** @type {Map<string, Screen>} */
const screens = new Map();

/** @type {(address: URL) => Place} */
const placeOf = (address) => ({ page: state.pageOf(address), parameters: state.parametersOf(address) });
let here = placeOf(new URL(location.href));
/** @type {(() => void) | null} */
let unwritten = null;

/**
 * Goes to another URL and draws it immediately. With *replace*, the back button skips the current one.
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
  open: (page) => go({ page, parameters: carried(here.parameters) }),
  pick: (visual, mark, how) => filter((all) => state.withPick(all, visual, mark, how)),
  member: (name, key, chosen) => filter((all) => state.withMember(all, name, key, chosen)),
  range: (name, ends) => filter((all) => state.withRange(all, name, ends)),
  parameter: (name, value, options) => filter((all) => state.withValue(all, name, value), options),
  compare: (comparison) => filter((all) => withComparison(all, comparison)),
  clear: () => filter((all) => (isPeople(here.page) ? withoutFilters(all) : new URLSearchParams())),
  remove: (name, value) => filter((all) => state.withMember(all, name, value, false)),
};

const visits = new Visits(actions, {
  set: (name, value) => filter((all) => state.withValue(all, name, value)),
  reload: () => {
    visits.outdate(shown);
    load();
  },
});

/** Requests the page of the URL; cancels an older request, and retries a failed one. */
async function load() {
  request.abort();
  const { signal } = (request = new AbortController());
  if (isPeople(here.page)) return visit(signal);
  const { page, parameters } = here;
  const questions = sidesOf(parameters);
  const found = questions.map((question) => local.answer(report, page, question));
  const known = found.every(Boolean);
  if (!known) write();
  const answering = found.map((one, at) => one ?? api.fetchPage(page, state.queryOf(questions[at]), signal));
  const asked = Promise.all([Promise.all(answering), ready(signal)]);
  const isSamePage = shown?.name === page;
  if (report && !known && isSamePage) showState(report, page, parameters);
  notices.slow(() => turnTo(page, parameters));
  try {
    const [answers, drawing] = await asked;
    const isCurrent = answers.every(({ refresh }) => refresh === report?.refresh.id);
    const current = report && isCurrent ? report : await renew(signal);
    if (signal.aborted) return;
    if (answers.some(({ refresh }) => refresh !== answers[0].refresh)) return load(); // published in between
    requireKnown(current, parameters);
    draw(screenOf(current, drawing, page, questions.length), stepped(current, page, parameters), answers);
    if (known || !isSamePage) showState(current, here.page, here.parameters); // charts first here too; see Page.update
    retry.done();
    waiting = false;
  } catch (error) {
    if (!api.isAbort(error)) await failed(error, signal);
  } finally {
    if (!signal.aborted) notices.calm();
  }
}

/**
 * A list of customers, or one customer: reused if no results have been published since.
 * @type {(signal: AbortSignal) => Promise<void>}
 */
async function visit(signal) {
  write();
  const place = here;
  /** @type {CustomerScreen | null} */
  let screen = null;
  notices.slow(() => screen && !isPeople(shown?.name ?? "") && meet(screen, place));
  try {
    const drawing = await ready(signal);
    if (signal.aborted) return;
    screen = visits.screenOf(place, drawing);
    if (!screen.isFresh) await renewed(screen, signal);
    if (signal.aborted) return;
    meet(screen, place);
    retry.done();
    waiting = false;
  } catch (error) {
    if (!api.isAbort(error)) await notVisited(error, signal);
  } finally {
    if (!signal.aborted) notices.calm();
  }
}

/**
 * Requests the data of *screen*, and the report if it is older.
 * @type {(screen: CustomerScreen, signal: AbortSignal) => Promise<void>}
 */
async function renewed(screen, signal) {
  const refresh = await screen.ask(signal);
  const isCurrent = (refresh ?? latest ?? report?.refresh.id) === report?.refresh.id;
  const current = report && isCurrent ? report : await renew(signal);
  if (signal.aborted) return;
  screen.draw(current);
  screen.isFresh = true;
}

/** Shows *screen* and announces it. @type {(screen: CustomerScreen, place: Place) => void} */
function meet(screen, { page, parameters }) {
  if (!report) return;
  showState(report, page, parameters);
  chips.clear();
  const focused = document.activeElement;
  const isElsewhere = shown !== screen || screen.isWaiting;
  if (shown !== screen) open(screen);
  screen.wait(!screen.isFresh);
  if (!screen.isFresh) return;
  notices.clear();
  setText(byId("title"), screen.title);
  document.title = `${screen.windowTitle} · ${report.name}`;
  screen.settle();
  if (isElsewhere) enter(screen, focused);
  requestAnimationFrame(() => {
    telling.painted(report?.refresh.id, state.queryOf(parameters));
    screen.afterPaint();
  });
}

/**
 * Shows why a request was refused; retries a request that failed.
 * @type {(error: unknown, signal: AbortSignal) => Promise<void>}
 */
async function notVisited(error, signal) {
  if (!(error instanceof api.Refused)) throw error;
  if (![400, 403, 404].includes(error.status)) return failed(error, signal);
  retry.done();
  shown?.close();
  shown = null;
  visuals.replaceChildren(refusal(error, here));
  if (report) showState(report, here.page, here.parameters);
  telling.painted(report?.refresh.id, state.queryOf(here.parameters));
}

/**
 * Switches to another page: title, tab and frames change together, even if its numbers are late.
 * @type {(page: string, parameters: URLSearchParams) => void}
 */
function turnTo(page, parameters) {
  if (isPeople(page)) return;
  const count = sidesOf(parameters).length;
  if (!report || !charts || (shown?.name === page && shown.count === count)) return;
  showState(report, page, parameters);
  const next = screenOf(report, charts, page, count);
  open(next);
  next.wait(true);
  chips.show(next.page, parameters, actions);
}

/**
 * The parameters with X moved to a step, so that page and URL agree.
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
 * Loads the report's definition and the charting library once, while the first page is requested.
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
  for (const [name, screen] of screens) {
    if (screen.fits(current)) screen.renew(current);
    else screens.delete(name);
  }
  showState(current, here.page, here.parameters);
  if (before) notices.announce(`New data. ${header.freshness(current)}`);
  return current;
}

/**
 * Shows what is known before the server answers: the page and the filters.
 * @type {(current: Report, page: string, parameters: URLSearchParams) => void}
 */
function showState(current, page, parameters) {
  const { title } = isPeople(page) ? { title: "Customers" } : definitionOf(current, page);
  document.title = `${title} · ${current.name}`;
  setText(byId("title"), title);
  header.markCurrent(page, parameters);
  slicers?.show(current, parameters);
  byId("slicers").hidden = customerIn(page) !== "";
  root.classList.toggle("of-people", isPeople(page));
  customerLinks.show(current, page, parameters);
}

/** @type {(screen: Screen, parameters: URLSearchParams, answers: Answer[]) => void} */
function draw(screen, parameters, answers) {
  notices.clear();
  if (shown !== screen) open(screen);
  screen.update(answers, parameters, (sliced) => local.answer(report, screen.name, sliced));
  chips.show(screen.page, parameters, actions);
  painted(screen, parameters);
}

/**
 * The page called *name*, once or twice.
 * @type {(current: Report, drawing: Charts, name: string, count: number) => Screen}
 */
function screenOf(current, drawing, name, count) {
  const key = `${name} ${count}`;
  const screen = screens.get(key) ?? new Screen(definitionOf(current, name), current, actions, drawing, count);
  screens.set(key, screen);
  return screen;
}

/** @type {(screen: Shown) => void} */
function open(screen) {
  if (shown?.name !== screen.name) scrollTo(0, 0);
  shown?.close();
  shown = screen;
  visuals.replaceChildren(screen.body);
  screen.resize();
}

/**
 * Charts paint in the next frame; only then is an answer on the screen.
 * @type {(screen: Screen, parameters: URLSearchParams) => void}
 */
function painted(screen, parameters) {
  requestAnimationFrame(() => {
    telling.painted(screen.report.refresh.id, state.queryOf(parameters));
    setTimeout(write);
    whenIdle(() => afterPaint(screen, parameters), { timeout: LATER });
  });
}

/** Work that nobody waits for. @type {(screen: Screen, parameters: URLSearchParams) => void} */
function afterPaint(screen, parameters) {
  screen.afterPaint();
  telling.tell(screen, parameters);
  const { name } = screen;
  local.load(screen.report, name).then(() => screen.complete((sliced) => local.answer(report, name, sliced)));
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
 * Removes invalid parameters from the URL, which may be from an older refresh or altered by a mail program.
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
  latest = refresh;
  if (refresh === null || !isNew) return;
  local.forget();
  visits.outdate(shown);
  load();
}

/** @type {(link: HTMLAnchorElement) => void} */
const follow = ({ dataset: { page = LIST }, href }) =>
  isPeople(page) ? go(placeOf(new URL(href))) : actions.open(page);

history.replaceState(null, "", state.addressOf(here.page, here.parameters));
addEventListener("popstate", back);
following(follow);
onThemeChange(() => [...screens.values(), visits].forEach((screen) => screen.recolour()));
printing(() => shown);
new ResizeObserver(() => shown?.resize()).observe(visuals);
load();
api.follow(heard, () => notices.lost(shown !== null));
