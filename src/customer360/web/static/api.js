/** The server: JSON, and word of new results. */

const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/** An answer that is not data. `status` 0 is no answer at all. */
export class Refused extends Error {
  constructor(status, { code = "", message = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const report = (signal) => get("/api/report", signal);
export const page = (name, query, signal) => get(`/api/pages/${name}${query ? `?${query}` : ""}`, signal);

export const cube = (page, name, refresh) =>
  get(`/api/cubes/${page}/${name}?refresh=${refresh}`, undefined, (response) => response.arrayBuffer());

async function get(address, signal, read = (response) => response.json()) {
  let response;
  try {
    response = await fetch(address, { signal });
    if (response.ok) return await read(response);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0);
  }
  const body = await response.json().catch(() => ({}));
  throw new Refused(response.status, body.error ?? { message: `the server answered ${response.status}` });
}

/** Tells *changed* the state of the server: at once, whenever it changes, and again after a break; *lost* of a break. */
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

/** Tries again later, each time twice as late, and at once when the network is back. */
export function retrying(attempt) {
  let delay = FIRST_RETRY;
  let timer = 0;
  const now = () => {
    clearTimeout(timer);
    timer = 0;
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
      timer = 0;
      delay = FIRST_RETRY;
    },
  };
}
