/** One tab stop for many buttons: arrow keys move among them, Home and End go to the ends. */

const MOVES = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

/** *width*: buttons per row; one is a plain list, where arrows go to the next and the previous. *among*: which buttons. */
export function rove(body, { width = () => 1, moved = () => {}, among = "button[data-mark]" } = {}) {
  body.addEventListener("keydown", clickWithModifier);
  const buttons = () => [...body.querySelectorAll(among)];
  body.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? null : all[target(event.key, at, all.length, width())];
    if (!next) return;
    event.preventDefault();
    stop(all, next);
    next.focus();
  });
  body.addEventListener("focusin", (event) => {
    const button = event.target.closest(among);
    if (!button) return;
    stop(buttons(), button);
    moved(button);
  });
}

/** Browsers click a button on Enter or Space alone; with a modifier the click adds to the picks. */
function clickWithModifier(event) {
  const { key, ctrlKey, metaKey, shiftKey } = event;
  if (!["Enter", " "].includes(key) || !(ctrlKey || metaKey || shiftKey)) return;
  event.preventDefault();
  event.target.dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey, metaKey, shiftKey }));
}

function target(key, at, count, width) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (!(key in MOVES)) return -1;
  const [down, right] = MOVES[key];
  return width === 1 ? at + down + right : at + down * width + right;
}

/** Keeps exactly one of the buttons in the tab order. */
export function stop(all, button = all.find((one) => one.tabIndex === 0) ?? all[0]) {
  for (const one of all) {
    const index = one === button ? 0 : -1;
    if (one.tabIndex !== index) one.tabIndex = index;
  }
}
