// Canvas: layers, paths in pixels, and the marks drawn on them.

// Sharper than two device pixels a pixel shows no difference but costs twice the paint.
const MOST_SHARPNESS = 2;
// Points closer than this to the last one kept are not worth a line of their own.
const NEGLIGIBLE = 0.5;
const MARGIN = 40;
// A line of at most one pixel takes the canvas a tenth of the time of any wider one; faint lines are such.
export const HAIR = 1;

/** A transparent canvas over a plot. */
export class Layer {
  constructor(host, name) {
    this.canvas = document.createElement("canvas");
    this.canvas.className = `lrx-layer lrx-${name}`;
    this.canvas.setAttribute("aria-hidden", "true");
    host.append(this.canvas);
    this.pen = this.canvas.getContext("2d");
  }

  resize(width, height) {
    const sharpness = Math.min(window.devicePixelRatio || 1, MOST_SHARPNESS);
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * sharpness);
    this.canvas.height = Math.round(height * sharpness);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.pen.setTransform(sharpness, 0, 0, sharpness, 0, 0);
  }

  clear() {
    this.pen.clearRect(0, 0, this.width, this.height);
  }

  /** Draw inside `box` alone. */
  within(box, draw) {
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    this.pen.clip();
    draw(this.pen);
    this.pen.restore();
  }
}

/** Return how an axis of Plotly's maps its (for a log axis: log10) values to pixels, now – also in the middle of a pan. */
export function scaleOf(axis) {
  const [first, last] = axis.range.map(Number);
  const perUnit = axis._length / (last - first);
  const along = axis._id[0] === "x" ? (value) => axis._offset + (value - first) * perUnit : (value) => axis._offset + (last - value) * perUnit;
  const back = axis._id[0] === "x" ? (pixel) => first + (pixel - axis._offset) / perUnit : (pixel) => last - (pixel - axis._offset) / perUnit;
  return { along, back, perUnit };
}

const MOVES = ["plotly_relayout", "plotly_relayouting", "plotly_afterplot"];

/** Call `listener` when the plot's axes may have moved. To be asked for after every drawing: Plotly drops listeners when it starts afresh. */
export function follow(plot, listener) {
  for (const event of MOVES) {
    plot.removeAllListeners(event);
    plot.on(event, listener);
  }
}

/** Return what tells whether axes moved. */
export const stateOf = (...axes) => axes.map((axis) => [...axis.range, axis._offset, axis._length].join()).join(" ");

/** Return the pixels of the panel that two axes span. */
export function boxOf(xaxis, yaxis) {
  return { left: xaxis._offset, right: xaxis._offset + xaxis._length, top: yaxis._offset, bottom: yaxis._offset + yaxis._length };
}

export const isInside = (box, x, y) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;

/** Return the part [from, to] of the segment p → q that lies in `box`, as shares of it; null if none does (Liang and Barsky). */
function visiblePart(px, py, qx, qy, box) {
  let from = 0;
  let to = 1;
  const edges = [
    [px - qx, px - box.left + MARGIN],
    [qx - px, box.right + MARGIN - px],
    [py - qy, py - box.top + MARGIN],
    [qy - py, box.bottom + MARGIN - py],
  ];
  for (const [speed, room] of edges) {
    if (speed === 0 && room < 0) return null;
    if (speed < 0) from = Math.max(from, room / speed);
    if (speed > 0) to = Math.min(to, room / speed);
  }
  return from < to ? [from, to] : null;
}

/**
 * Turn a run's points into a drawable path: pixels, the step each belongs to, the length so far (for dashes), and where the pen is up.
 *
 * Far outside the box nothing is kept: a dashed line of a million pixels would keep the browser busy for seconds.
 */
export function project(xs, ys, toX, toY, box) {
  const path = { x: [], y: [], step: [], isMove: [], length: [] };
  const add = (x, y, step, isMove) => {
    const last = path.x.length - 1;
    const more = isMove || last < 0 ? 0 : Math.hypot(x - path.x[last], y - path.y[last]);
    path.length.push(last < 0 ? 0 : path.length[last] + more);
    path.x.push(x);
    path.y.push(y);
    path.step.push(step);
    path.isMove.push(isMove);
  };
  let [px, py, pStep, isOpen] = [NaN, NaN, 0, false];
  for (let step = 0; step < xs.length; step++) {
    const qx = toX(xs[step]);
    const qy = toY(ys[step]);
    if (!Number.isFinite(qx) || !Number.isFinite(qy)) {
      [px, isOpen] = [NaN, false];
      continue;
    }
    if (isOpen && Math.abs(qx - px) < NEGLIGIBLE && Math.abs(qy - py) < NEGLIGIBLE) continue;
    const part = Number.isNaN(px) ? null : visiblePart(px, py, qx, qy, box);
    if (part) {
      const [from, to] = part;
      if (!isOpen || from > 0) add(px + (qx - px) * from, py + (qy - py) * from, pStep, true);
      add(px + (qx - px) * to, py + (qy - py) * to, step, false);
    }
    isOpen = part !== null && part[1] === 1;
    [px, py, pStep] = [qx, qy, step];
  }
  return path;
}

/** Return how many of the path's points belong to steps up to `step`. */
export function countUpTo(path, step) {
  let [low, high] = [0, path.step.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (path.step[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Stroke the path's points from `first` up to, not including, `end`. */
export function stroke(pen, path, first, end, { colour, width, dash = [], alpha = 1 }) {
  if (end - first < 2) return;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.globalAlpha = alpha;
  pen.lineJoin = "bevel";
  pen.lineCap = dash.length ? "butt" : "round";
  pen.setLineDash(dash);
  // Pieces drawn one after another continue the same dashes.
  pen.lineDashOffset = path.length[first];
  pen.beginPath();
  pen.moveTo(path.x[first], path.y[first]);
  for (let i = first + 1; i < end; i++) {
    if (path.isMove[i]) pen.moveTo(path.x[i], path.y[i]);
    else pen.lineTo(path.x[i], path.y[i]);
  }
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

const SHAPES = {
  circle: (pen, x, y, r) => pen.arc(x, y, r, 0, 2 * Math.PI),
  square: (pen, x, y, r) => pen.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  "triangle-up": (pen, x, y, r) => polygon(pen, x, y, 1.2 * r, 3, -90),
  "triangle-down": (pen, x, y, r) => polygon(pen, x, y, 1.2 * r, 3, 90),
  diamond: (pen, x, y, r) => polygon(pen, x, y, 1.2 * r, 4, 0),
  cross: (pen, x, y, r) => plus(pen, x, y, 1.15 * r, 0.42 * r),
};

function polygon(pen, x, y, r, corners, turn) {
  for (let i = 0; i < corners; i++) {
    const angle = ((turn + (360 * i) / corners) * Math.PI) / 180;
    pen.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  pen.closePath();
}

function plus(pen, x, y, r, w) {
  const outline = [[-w, -r], [w, -r], [w, -w], [r, -w], [r, w], [w, w], [w, r], [-w, r], [-w, w], [-r, w], [-r, -w], [-w, -w]];
  for (const [dx, dy] of outline) pen.lineTo(x + dx, y + dy);
  pen.closePath();
}

/** Draw a head: the arm's marker, cased so that it stands out on anything. */
export function mark(pen, shape, x, y, radius, colour, theme) {
  pen.beginPath();
  (SHAPES[shape] ?? SHAPES.circle)(pen, x, y, radius);
  pen.lineJoin = "round";
  pen.strokeStyle = theme.hairline;
  pen.lineWidth = 4;
  pen.stroke();
  pen.strokeStyle = theme.casing;
  pen.lineWidth = 2.5;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

/** Draw the end of a path that diverged. */
export function crossOut(pen, x, y, colour, theme) {
  for (const [ink, width] of [[theme.casing, 5], [colour, 2.5]]) {
    pen.strokeStyle = ink;
    pen.lineWidth = width;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(x - 5, y - 5);
    pen.lineTo(x + 5, y + 5);
    pen.moveTo(x + 5, y - 5);
    pen.lineTo(x - 5, y + 5);
    pen.stroke();
  }
}

/** Draw a small triangle at the edge of `box` where (x, y) lies beyond it. */
export function pointBeyond(pen, box, x, y, colour, theme) {
  const edgeX = Math.min(Math.max(x, box.left + 9), box.right - 9);
  const edgeY = Math.min(Math.max(y, box.top + 9), box.bottom - 9);
  const angle = (Math.atan2(y - edgeY, x - edgeX) * 180) / Math.PI;
  pen.beginPath();
  polygon(pen, edgeX, edgeY, 8, 3, angle);
  pen.strokeStyle = theme.casing;
  pen.lineWidth = 2.5;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

/** Draw an arrow from (x, y) along (dx, dy) pixels. `style`: colour, width, dash, and whether its head is filled. */
export function arrow(pen, x, y, dx, dy, style, theme) {
  const length = Math.hypot(dx, dy);
  if (!(length > 0)) return;
  const [ux, uy] = [dx / length, dy / length];
  const head = Math.min(9, length);
  const [tipX, tipY] = [x + dx, y + dy];
  const [neckX, neckY] = style.isFilled ? [tipX - ux * head * 0.8, tipY - uy * head * 0.8] : [tipX, tipY];
  for (const [colour, extra, dash] of [[theme.casing, 3, []], [style.colour, 0, style.dash]]) {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = style.width + extra;
    pen.lineCap = "round";
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(neckX, neckY);
    pen.stroke();
    pen.setLineDash([]);
    pen.beginPath();
    pen.moveTo(tipX - head * (ux + 0.5 * uy), tipY - head * (uy - 0.5 * ux));
    pen.lineTo(tipX, tipY);
    pen.lineTo(tipX - head * (ux - 0.5 * uy), tipY - head * (uy + 0.5 * ux));
    if (style.isFilled) {
      pen.closePath();
      pen.fill();
    }
    pen.stroke();
  }
}
