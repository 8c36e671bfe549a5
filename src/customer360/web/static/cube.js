/** A table of the results in the page: codes of dimensions, and sums, as typed arrays. */

/** @import { ColumnMask, Cube, CubeHeader, Grouped, Mask, Masks, Numbers, Value } from "./types.d.ts" */

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, float64: Float64Array };
const ALIGNED = 8;

/** @type {(buffer: ArrayBuffer) => Cube} */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  /** @type {CubeHeader} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  /** @type {Cube["columns"]} */
  const columns = {};
  let at = 4 + length;
  for (const { name, type, scale } of header.columns) {
    const values = new TYPES[type](buffer, at, header.rows);
    columns[name] = { values, scale };
    at += Math.ceil(values.byteLength / ALIGNED) * ALIGNED;
  }
  return { rows: header.rows, columns };
}

/**
 * The rows that pass every mask. *masks* contain 1 or 0 for each code of a column.
 * @type {(cube: Cube, masks: Masks) => Int32Array}
 */
export function select(cube, masks) {
  const chosen = new Int32Array(cube.rows);
  const tests = testsOf(cube, [...masks]);
  let count = 0;
  for (let row = 0; row < cube.rows; row += 1) {
    let kept = 1;
    for (let test = 0; test < tests.length; test += 1) kept &= tests[test][1][tests[test][0][row]];
    if (kept) chosen[count++] = row;
  }
  return chosen.subarray(0, count);
}

/** The codes of each masked column, with its mask. @type {(cube: Cube, masks: ColumnMask[]) => [Numbers, Mask][]} */
const testsOf = (cube, masks) => masks.map(([name, mask]) => [cube.columns[name].values, mask]);

/** The rows that any mask excludes; none without masks. @type {(cube: Cube, masks: Masks) => Int32Array} */
export function selectOutside(cube, masks) {
  const inside = select(cube, masks);
  const left = new Int32Array(cube.rows - inside.length);
  let [at, count] = [0, 0];
  for (let row = 0; row < cube.rows; row += 1) {
    if (inside[at] === row) at += 1;
    else left[count++] = row;
  }
  return left;
}

/**
 * The rows that are in one of *groups*, that is, not -1.
 * @type {(rows: Int32Array, groups: Int32Array) => Int32Array}
 */
export function rowsInGroups(rows, groups) {
  return rows.filter((_, at) => groups[at] >= 0);
}

/**
 * The sum of *plus* minus *minus* per group over the rows that pass *masks*; null for a group without rows.
 * @type {(cube: Cube, grouped: Grouped, plus: string, minus: string | undefined, masks: ColumnMask[]) => Value[]}
 */
export function sum(cube, { rows, groups, size }, plus, minus, masks) {
  const totals = new Float64Array(size);
  const seen = new Uint8Array(size);
  const added = cube.columns[plus];
  const taken = minus && cube.columns[minus].values;
  const tests = testsOf(cube, masks);
  const { values } = added;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    const group = groups[at];
    let kept = group >= 0 ? 1 : 0;
    for (let test = 0; test < tests.length; test += 1) kept &= tests[test][1][tests[test][0][row]];
    const value = taken ? values[row] - taken[row] : values[row];
    if (!kept || Number.isNaN(value)) continue; // unknown
    totals[group] += value;
    seen[group] = 1;
  }
  return Array.from(totals, (total, group) => (seen[group] ? total / added.scale : null));
}
