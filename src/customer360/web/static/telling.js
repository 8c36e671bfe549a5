/** Reports what is on the screen: to other programs, and each change to screen readers. */

import { sidesOf } from "./compare.js";
import { filtersOn } from "./filters.js";
import * as local from "./local.js";
import * as notices from "./notices.js";
import { queryOf } from "./state.js";
import { definitionOf } from "./view.js";

/** @import { Screen } from "./types.d.ts" */

const root = document.documentElement;
/** @type {{ screen: Screen, place: string } | null} */
let told = null;

/** @type {(refresh: number | undefined, query: string) => void} */
export function painted(refresh, query) {
  root.dataset.refresh = String(refresh);
  root.dataset.query = query;
  root.dataset.painted = String(Number(root.dataset.painted ?? 0) + 1);
}

/**
 * Announces a change to screen readers, which read the first page anyway.
 * @type {(screen: Screen, parameters: URLSearchParams) => void}
 */
export function tell(screen, parameters) {
  const { report: current, name } = screen;
  const place = `${name} ${queryOf(parameters)}`;
  const isFirst = told === null;
  const isElsewhere = name !== told?.screen.name;
  if (told?.place === place) return;
  told = { screen, place };
  if (isFirst) return;
  const filters = filtersOn(screen.page, parameters).map(({ text }) => text);
  const title = isElsewhere ? definitionOf(current, name).title : "";
  const parts = [title, people(screen, parameters), filters.join(", ") || "No filters"];
  notices.announce(parts.filter(Boolean).join(". "));
}

/** The number of customers on each side. @type {(screen: Screen, parameters: URLSearchParams) => string} */
function people({ report: current, name, pages, heads }, parameters) {
  const counts = sidesOf(parameters).map((asked, at) => {
    const count = local.countCustomers(current, name, asked) ?? pages[at].customers();
    const side = pages.length > 1 ? `${heads[at].textContent}: ` : "";
    return count === null ? "" : side + notices.people(count, current);
  });
  return counts.filter(Boolean).join(", ");
}
