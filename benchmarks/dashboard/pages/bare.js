/**
 * The limit: the charts of one page, with each answer's options prepared; a click passes the next ones to ECharts.
 *
 * The options are the dashboard's, created by its own modules.
 */
const EVERY_MONTH = { from: "", to: "" };
const { modules, report, page, sizes, answers } = window.given;
const [{ chart }, { rowsOf }] = await Promise.all(["charts", "rows"].map((name) => import(`${modules}/${name}.js`)));

const definition = report.pages.find(({ name }) => name === page);
const frames = definition.visuals.filter(({ name }) => name in sizes).map(made);
const steps = answers.slice(1).map((answer) => frames.map((frame) => optionOf(frame, answer)));
document.querySelector("button").addEventListener("click", () => {
  const options = steps.shift();
  frames.forEach(({ drawing }, at) => drawing.send(options[at]));
});
window.isReady = true;

function made(visual) {
  const frame = { visual, report, picks: new Set(), page: { report } };
  frame.rows = rowsOf(visual, answers[0].visuals[visual.name], report, EVERY_MONTH);
  const drawing = (frame.drawing = chart(frame));
  const [width, height] = sizes[visual.name];
  drawing.canvas.style.cssText = `width: ${width}px; height: ${height}px`;
  document.getElementById("page").append(drawing.canvas);
  drawing.measure();
  drawing.update(frame);
  return frame;
}

/** Like the dashboard: sends names of members only where they have changed. */
function optionOf(frame, answer) {
  const rows = rowsOf(frame.visual, answer.visuals[frame.visual.name], report, EVERY_MONTH);
  const sameMembers = String(rows.map(({ mark }) => mark)) === String(frame.rows.map(({ mark }) => mark));
  frame.rows = rows;
  return frame.drawing.kind.change({ ...frame.drawing.view(frame), sameMembers });
}
