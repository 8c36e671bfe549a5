/**
 * Runs in every measured page: the milliseconds from a click to the end of the frame that paints the result.
 *
 * `painted` returns a promise that resolves in that frame, before it is painted; a message posted there arrives after.
 */
(() => {
  const frame = () => new Promise(requestAnimationFrame);

  const afterThisFrame = () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now());
      port2.postMessage(null);
    });

  /** Checks in every frame. */
  async function shown(isShown) {
    do await frame();
    while (!isShown());
  }

  /** The dashboard reports in the frame itself that it has painted. */
  function said() {
    return new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe(document, { subtree: true, attributeFilter: ["data-painted"] });
    });
  }

  async function measure(painted, click) {
    const inItsFrame = painted();
    const clicked = performance.now();
    click();
    await inItsFrame;
    return (await afterThisFrame()) - clicked;
  }

  const plots = (token) =>
    [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot._fullLayout?.meta === token);
  const showsAll = ({ token, total }) => () =>
    plots(token).length === 6 && document.querySelector(".st-key-total, #total").textContent.includes(total);

  window.stopwatch = {
    dashboard: (change) => measure(said, () => clicks.dashboard(change)),
    bare: () => measure(frame, () => document.querySelector("button").click()),
    dash: (change) => measure(() => shown(showsAll(change)), () => clicks.dash(change)),
    streamlit: (change) => measure(() => shown(showsAll(change)), () => clicks.streamlit(change)),
    ready: (change) => shown(showsAll(change)),
  };
  window.firstPainted = said().then(afterThisFrame);

  const named = (selector, text) => [...document.querySelectorAll(selector)].find((one) => one.textContent.trim() === text);
  const isEnd = (slicer) => slicer === "from" || slicer === "to";

  const clicks = {
    dashboard({ slicer, value }) {
      if (!isEnd(slicer)) return document.querySelector(`input[name="${slicer}"][value="${value}"]`).click();
      const select = document.querySelector(`select[aria-label="Join Month ${slicer}"]`);
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    },
    dash({ slicer, value }) {
      if (!isEnd(slicer)) return named(`#${slicer} label`, value).querySelector("input").click();
      dash_clientside.set_props(slicer, { value });
    },
    /** Its list of months has already been opened and searched: this is the click that selects. */
    streamlit({ slicer, value }) {
      if (!isEnd(slicer)) return named(`.st-key-${slicer} button`, value).click();
      named("[role=option]", value).click();
    },
  };
})();
