// What Python sends, opened: a JSON header and float32 arrays in one block (see figures/wire.py), and the surfaces met so far.

const SURFACES_KEPT = 12;

/** Return {header, arrays} of a block of bytes. */
export function unpack(bytes) {
  // A copy starts at byte 0, and float arrays may only start at multiples of four.
  const buffer = bytes.slice().buffer;
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  for (const [name, [offset, size]] of Object.entries(header.arrays)) {
    arrays[name] = new Float32Array(buffer, 4 + length + 4 * offset, size);
  }
  return { header, arrays };
}

/** Return a run as the player uses it: every arm with its own arrays. */
export function openRun(bytes) {
  const { header, arrays } = unpack(bytes);
  const arms = header.arms.map((arm, i) => ({
    ...arm,
    x: arrays[`x${i}`],
    y: arrays[`y${i}`],
    lr: arrays[`lr${i}`],
    excess: arrays[`loss${i}`],
  }));
  return { ...header, arms, gradient: arrays.gradient, memory: arrays.memory };
}

/** The surfaces that carriers brought, by id. Surface and run travel apart and may arrive in either order. */
class SurfaceStore {
  #known = new Map();
  #waiting = new Set();

  get(id) {
    return this.#known.get(id);
  }

  put(bytes) {
    const { header, arrays } = unpack(bytes);
    if (this.#known.has(header.id)) return;
    this.#known.set(header.id, { ...header, height: arrays.height });
    if (this.#known.size > SURFACES_KEPT) this.#known.delete(this.#known.keys().next().value);
    for (const listener of [...this.#waiting]) listener(header.id);
  }

  /** Call `listener` whenever a new surface arrives; the answer ends that. */
  listen(listener) {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }
}

export const surfaces = new SurfaceStore();

/** Return the true loss behind a drawn height. */
export function lossAt(surface, height) {
  return surface.invert.log ? surface.invert.offset + 10 ** height : height;
}

/** Return the height at (x, y) between the grid's points; NaN outside the box. */
export function heightAt(surface, x, y) {
  const [[x0, x1], [y0, y1]] = surface.bounds;
  const [rows, columns] = surface.shape;
  const u = ((x - x0) / (x1 - x0)) * (columns - 1);
  const v = ((y - y0) / (y1 - y0)) * (rows - 1);
  if (!(u >= 0 && u <= columns - 1 && v >= 0 && v <= rows - 1)) return NaN;
  const i = Math.min(Math.floor(u), columns - 2);
  const j = Math.min(Math.floor(v), rows - 2);
  const at = (row, column) => surface.height[row * columns + column];
  const low = at(j, i) + (at(j, i + 1) - at(j, i)) * (u - i);
  const high = at(j + 1, i) + (at(j + 1, i + 1) - at(j + 1, i)) * (u - i);
  return low + (high - low) * (v - j);
}
