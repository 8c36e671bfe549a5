/** A cache of the customer pages a reader has seen, until new results are published. */

import { element } from "./dom.js";
import { CustomerPage } from "./customer.js";
import { CustomerList } from "./customerlist.js";
import * as notices from "./notices.js";
import { customerIn, LIST } from "./people.js";
import { addressOf } from "./state.js";

/** @import { Actions, Charts, CustomerScreen, Place } from "./types.d.ts" */
/** @import { ListActions } from "./customerlist.js" */
/** @import { Refused } from "./api.js" */

const MOST = 8;

export class Visits {
  /** @type {Map<string, CustomerScreen>} */
  screens = new Map();

  /**
   * @param {Actions} actions
   * @param {ListActions} listActions
   */
  constructor(actions, listActions) {
    this.actions = actions;
    this.listActions = listActions;
  }

  /** @type {(place: Place, charts: Charts) => CustomerScreen} */
  screenOf({ page, parameters }, charts) {
    const key = addressOf(page, parameters);
    const screen = this.screens.get(key) ?? this.make(page, parameters, charts);
    this.screens.delete(key);
    this.screens.set(key, screen);
    const [oldest] = this.screens.keys();
    if (this.screens.size > MOST) this.screens.delete(oldest);
    return screen;
  }

  /** @type {(page: string, parameters: URLSearchParams, charts: Charts) => CustomerScreen} */
  make(page, parameters, charts) {
    const id = decodeURIComponent(customerIn(page));
    return id ? new CustomerPage(page, id, charts, this.actions) : new CustomerList(parameters, this.listActions);
  }

  /**
   * Drops all pages after a publication, except the one on the screen until it is requested again.
   * @type {(shown: unknown) => void}
   */
  outdate(shown) {
    for (const [key, screen] of this.screens) {
      screen.isFresh = false;
      if (screen !== shown) this.screens.delete(key);
    }
  }

  recolour() {
    this.screens.forEach((screen) => screen.recolour());
  }
}

/**
 * Restores the reader's position and focus; a list in another order counts as another list.
 * @type {(screen: CustomerScreen, focused: Element | null) => void}
 */
export function enter(screen, focused) {
  screen.opened();
  const kept = focused?.getAttribute("data-keep");
  const same = kept && screen.body.querySelector(`[data-keep="${CSS.escape(kept)}"]`);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
  notices.announce(screen.title);
}

/**
 * The content instead of customers: why there are none, and where to go next.
 * @type {(error: Refused, place: Place) => HTMLElement}
 */
export function refusal(error, { page, parameters }) {
  const isOne = customerIn(page) !== "";
  const isForbidden = error.status === 403;
  const title = isForbidden ? "You cannot see customers" : isOne ? "No such customer" : "This list cannot be shown";
  const text = `${error.message[0]?.toUpperCase() ?? ""}${error.message.slice(1)}.`;
  const address = addressOf(LIST, isOne ? parameters : new URLSearchParams());
  const label = isOne ? "Back to the list" : "See all customers";
  const link = element("a", { class: "button", href: address, "data-place": true }, label);
  const parts = [element("h2", {}, title), element("p", {}, text), ...(isForbidden ? [] : [link])];
  return element("div", { class: "empty-page" }, ...parts);
}

