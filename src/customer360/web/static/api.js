/** Requests to the server, and notifications of new results. */

/** @import { Answer, Customer, CustomerPage, Customers, Report, ServerState, Timer } from "./types.d.ts" */

const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/** A response without data. `status` is 0 if there was no response. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string }} error
   */
  constructor(status, { code = "", message = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** @type {(signal: AbortSignal) => Promise<Report>} */
export const fetchReport = (signal) => get("/api/report", signal);
/** @type {(name: string, query: string, signal: AbortSignal) => Promise<Answer>} */
export const fetchPage = (name, query, signal) => get(`/api/pages/${name}${query ? `?${query}` : ""}`, signal);

/**
 * A page of the customers that *query* selects.
 * @type {(query: string, signal: AbortSignal) => Promise<CustomerPage>}
 */
export const fetchCustomers = (query, signal) => get(`/api/people${query ? `?${query}` : ""}`, signal);
/** @type {(id: string, signal: AbortSignal) => Promise<Customer>} */
export const fetchCustomer = (id, signal) => get(`/api/people/${encodeURIComponent(id)}`, signal);

/** The text of a search never appears in a URL. @type {(text: string, signal: AbortSignal) => Promise<Customers>} */
export const search = (text, signal) =>
  get("/api/people/search", signal, (response) => response.json(), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text }),
  });

/** @type {(page: string, name: string, refresh: number | null) => Promise<ArrayBuffer>} */
export const fetchCube = (page, name, refresh) =>
  get(`/api/cubes/${page}/${name}?refresh=${refresh}`, undefined, (response) => response.arrayBuffer());

/**
 * @template T
 * @param {string} address
 * @param {AbortSignal | undefined} signal
 * @param {(response: Response) => Promise<T>} read
 * @param {RequestInit} how
 * @returns {Promise<T>}
 */
async function get(address, signal, read = (response) => response.json(), how = {}) {
  let response;
  try {
    response = await fetch(address, { signal, ...how });
    if (response.ok) return await read(response);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Refused(0);
  }
  const body = await response.json().catch(() => ({}));
  throw new Refused(response.status, body.error ?? { message: `the server answered ${response.status}` });
}

/** Whether the request was cancelled. @type {(error: unknown) => boolean} */
export const isAbort = (error) => error instanceof Error && error.name === "AbortError";

/**
 * Calls *changed* with the state of the server: immediately, at each change, and after an interruption. Calls *lost*
 * when the connection is interrupted.
 * @type {(changed: (state: ServerState) => void, lost: () => void) => void}
 */
export function follow(changed, lost) {
  const source = new EventSource("/api/events");
  source.addEventListener("state", (event) => changed(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    lost();
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    setTimeout(() => follow(changed, lost), LAST_RETRY / 6);
  });
}

/**
 * Retries with exponential backoff, and immediately when the network is back.
 * @param {() => void} attempt
 */
export function retrying(attempt) {
  let delay = FIRST_RETRY;
  /** @type {Timer} */
  let timer;
  const now = () => {
    clearTimeout(timer);
    timer = undefined;
    attempt();
  };
  addEventListener("online", () => timer && now());
  return {
    now,
    later() {
      clearTimeout(timer);
      timer = setTimeout(now, delay);
      delay = Math.min(delay * 2, LAST_RETRY);
    },
    done() {
      clearTimeout(timer);
      timer = undefined;
      delay = FIRST_RETRY;
    },
  };
}
