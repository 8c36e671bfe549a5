/**
 * The report in a browser: reads the address, asks the server, draws the page.
 *
 * One function changes what is shown, `go`; back and forward take the same way. The state is the address, which is
 * written after the charts where these need not wait for the server: writing it takes the browser a millisecond.
 */

import * as api from "./api.js";
import { setText } from "./dom.js";
import * as header from "./header.js";
import * as local from "./local.js";
import * as notices from "./notices.js";
import { Page } from "./page.js";
import { printing } from "./printing.js";
import { Slicers } from "./slicers.js";
import * as chips from "./chips.js";
import { filtersOn } from "./filters.js";
import * as state from "./state.js";
import { onStep, tidied } from "./tidy.js";
import { onThemeChange } from "./theme.js";

const PROGRESS_AFTER = 150;
const LATER = 200;
const root = document.documentElement;
const whenIdle = window.requestIdleCallback ?? ((task) => setTimeout(task, LATER));
const retry = api.retrying(() => load());

let report = null;
let charts = null;
let slicers = null;
let shown = null;
let request = new AbortController();
let slow = 0;
let waiting = false;
let told = null;
const pages = new Map();

const placeOf = (address) => ({ page: state.pageOf(address), parameters: state.parametersOf(address) });
let here = placeOf(location);
let unwritten = null;

/** Where a click leads: another address, drawn at once. With *replace* the step is not one to go back to. */
function go({ page, parameters }, { replace = false } = {}) {
  write();
  const address = state.addressOf(page, parameters);
  if (address === location.pathname + location.search) return;
  notices.left([]);
  here = placeOf(new URL(address, location));
  unwritten = () => history[replace ? "replaceState" : "pushState"](null, "", address);
  load();
}

function write() {
  unwritten?.();
  unwritten = null;
}

function back() {
  unwritten = null;
  here = placeOf(location);
  load();
}

const filter = (change, options) => {
  const { page, parameters } = here;
  go({ page, parameters: change(parameters) }, options);
};

const actions = {
  open: (page) => go({ page, parameters: state.withoutPicks(here.parameters) }),
  pick: (visual, mark, how) => filter((all) => state.withPick(all, visual, mark, how)),
  member: (name, key, chosen) => filter((all) => state.withMember(all, name, key, chosen)),
  range: (name, ends) => filter((all) => state.withRange(all, name, ends)),
  threshold: (value, options) => filter((all) => state.withValue(all, report.parameter.name, value), options),
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
  const asked = Promise.all([known ?? api.page(page, state.queryOf(parameters), signal), ready(signal)]);
  const isSamePage = shown?.name === page;
  if (report && !known && isSamePage) showState(page, parameters);
  clearTimeout(slow);
  slow = setTimeout(() => {
    notices.busy(true);
    turnTo(page, parameters);
  }, PROGRESS_AFTER);
  try {
    const [answer] = await asked;
    if (answer.refresh !== report.refresh.id) await renew(signal);
    if (signal.aborted) return;
    draw(page, stepped(page, parameters), answer);
    if (known || !isSamePage) showState(here.page, here.parameters); // charts first here too, see Page.update
    retry.done();
    waiting = false;
  } catch (error) {
    if (error.name !== "AbortError") await failed(error, signal);
  } finally {
    if (!signal.aborted) calm();
  }
}

function calm() {
  clearTimeout(slow);
  notices.busy(false);
}

/** Another page than the one on the screen: name, tab and frames turn together, also when its numbers are late. */
function turnTo(page, parameters) {
  if (!report || !charts || shown?.name === page) return;
  showState(page, parameters);
  open(pageCalled(page));
  shown.wait(true);
  chips.show(shown, parameters, actions);
}

/** With X on a step, as page and address then both say. */
function stepped(page, parameters) {
  const exact = onStep(report, parameters);
  if (exact === parameters) return parameters;
  write();
  history.replaceState(null, "", state.addressOf(page, exact));
  here = { page, parameters: exact };
  return exact;
}

/** The report's definition and the charting library, once; both load while the first page is asked for. */
async function ready(signal) {
  charts ??= await import("./charts.js");
  if (!report) await renew(signal);
}

async function renew(signal) {
  const before = report;
  report = await api.report(signal);
  slicers ??= new Slicers(actions);
  slicers.renew(report);
  header.show(report, actions);
  for (const [name, page] of pages) {
    if (page.fits(report)) page.report = report;
    else pages.delete(name);
  }
  const { page, parameters } = here;
  showState(page, parameters);
  if (before) notices.announce(`New data. ${header.freshness(report)}`);
}

/** What can be said before the server answers: which page, which filters. */
function showState(page, parameters) {
  const { title } = report.pages.find((one) => one.name === page);
  document.title = `${title} · ${report.name}`;
  setText(document.getElementById("title"), title);
  header.mark(page, parameters);
  slicers.show(parameters);
}

function draw(name, parameters, answer) {
  const page = pageCalled(name);
  notices.clear();
  if (shown !== page) open(page);
  page.update(answer.visuals, parameters, (sliced) => local.answer(report, name, sliced));
  chips.show(page, parameters, actions);
  painted(page, parameters);
}

function pageCalled(name) {
  const definition = report.pages.find((page) => page.name === name);
  if (!pages.has(name)) pages.set(name, new Page(definition, report, actions, charts));
  return pages.get(name);
}

function open(page) {
  shown?.close();
  shown = page;
  page.open();
}

/** Charts paint in the next frame: only then is an answer on the screen. */
function painted(page, parameters) {
  requestAnimationFrame(() => {
    root.dataset.refresh = report.refresh.id;
    root.dataset.query = state.queryOf(parameters);
    root.dataset.painted = Number(root.dataset.painted ?? 0) + 1;
    setTimeout(write);
    whenIdle(() => afterPaint(page, parameters), { timeout: LATER });
  });
}

/** What nobody waits for. */
function afterPaint(page, parameters) {
  page.afterPaint();
  tell(page, parameters);
  local.load(report, page.name).then(() => page.complete((sliced) => local.answer(report, page.name, sliced)));
}

/** A step is said to who does not see it; the first page is read anyway. */
function tell(page, parameters) {
  const { title } = report.pages.find(({ name }) => name === page.name);
  const place = `${page.name} ${state.queryOf(parameters)}`;
  const isFirst = told === null;
  const isElsewhere = shown !== told?.page;
  if (told?.place === place) return;
  told = { page, place };
  if (isFirst) return;
  const filters = filtersOn(page, parameters).map(({ text }) => text);
  const count = local.customers(report, page.name, parameters) ?? page.customers();
  const people = count === null ? "" : notices.people(count, report);
  notices.announce([isElsewhere && title, people, filters.join(", ") || "No filters"].filter(Boolean).join(". "));
}

async function failed(error, signal) {
  if (!(error instanceof api.Refused)) throw error;
  waiting = error.code === "no_results";
  if (error.status === 400) return refused(error, signal);
  if (waiting) empty();
  else unreachable(error);
  retry.later();
}

function unreachable(error) {
  turnTo(here.page, here.parameters);
  const isDrawn = shown !== null && !shown.isWaiting;
  const isBehind = isDrawn && root.dataset.query !== state.queryOf(here.parameters);
  notices.unreachable(error, { isDrawn, isBehind }, retry.now);
}

/** What is not valid may be so under an older refresh, or a mail program's: the rest of the address still counts. */
async function refused(error, signal) {
  retry.done();
  await renew(signal);
  const { page, parameters } = here;
  const { kept, left } = tidied(report, page, parameters);
  if (!left.length) return notices.refused(error, actions.clear);
  go({ page, parameters: kept }, { replace: true });
  notices.left(left);
}

function empty() {
  shown?.close();
  shown = null;
  notices.noResults();
}

function heard({ refresh, database, since }) {
  notices.lost(false);
  notices.database(database === "gone" ? since : null);
  const isNew = report ? refresh !== report.refresh.id : waiting;
  if (refresh === null || !isNew) return;
  local.forget();
  load();
}

function follow(event) {
  const link = event.target.closest("a[data-page]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  actions.open(link.dataset.page);
}

history.replaceState(null, "", state.addressOf(here.page, here.parameters));
addEventListener("popstate", back);
document.addEventListener("click", follow);
onThemeChange(() => pages.forEach((page) => page.recolour()));
printing(() => shown);
new ResizeObserver(() => shown?.resize()).observe(document.getElementById("visuals"));
load();
api.follow(heard, () => notices.lost(shown !== null));
