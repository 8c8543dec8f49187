// The map: the contour by Plotly, everything that moves on canvases above it, and the start as something to take hold of.

import { element, show, spell } from "./format.js";
import { HAIR, Layer, arrow, boxOf, countUpTo, crossOut, follow, isInside, mark, pointBeyond, project, scaleOf, stateOf, stroke } from "./paint.js";
import { heightAt, lossAt } from "./wire.js";

const LEVELS = 18;
// From so many minima on their marks are small, or they would hide the surface.
const MANY = 30;
// A press that moves further than this is a drag (zoom, pan, scroll), not a click.
const CLICK_SLACK = 4;
const KEY_STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const ARROW_SHARE = 0.16;
const LEAST_ARROW = 10;
// Segments of trail drawn in one frame. A long run's trails appear over a few frames, and nothing waits for them.
const FRAME_SEGMENTS = 6000;

// Pixels of path before a head that are drawn bold.
const TAIL = 600;

/** Return where the bold stretch that ends before point `end` begins. */
function tailOf(path, end) {
  let first = Math.max(end - 1, 0);
  while (first > 0 && path.length[end - 1] - path.length[first] < TAIL) first--;
  return first;
}

/** Return the arrows' looks; the legend below the map draws from the same table. */
export const arrowStyles = (theme) => ({
  gradient: { colour: theme.dark ? "#FF8F8F" : "#A11D2B", width: 2, dash: [], isFilled: false },
  memory: { colour: theme.dark ? "#C9A6FF" : "#5B2A9D", width: 2, dash: [5, 4], isFilled: false },
  update: { colour: theme.ink, width: 3, dash: [], isFilled: true },
});

export class MapView {
  /** onStart(x, y, isFinal) is called with texts for the link while the start is moved. */
  constructor(host, Plotly, onStart) {
    this.Plotly = Plotly;
    this.host = host;
    this.onStart = onStart;
    this.plot = element("div", { class: "lrx-plot", role: "group" });
    host.append(this.plot);
    this.base = new Layer(host, "base");
    this.trails = new Layer(host, "trails");
    this.tails = new Layer(host, "tails");
    this.heads = new Layer(host, "heads");
    this.handle = element("button", { type: "button", class: "lrx-start" });
    this.tip = element("div", { class: "lrx-tip", "aria-hidden": "true", hidden: "" });
    host.append(this.handle, this.tip);
    this.heldStart = null;
    this.#listenToHandle();
    this.#listenToClicks();
    this.#listenToPointer();
  }

  /** Draw the static picture: needed for another surface, theme or size, not for another run. */
  draw(surface, theme, size, resets) {
    Object.assign(this, { surface, theme, size });
    this.Plotly.react(this.plot, this.#traces(), this.#layout(resets), size.config);
    follow(this.plot, () => this.onMoved?.());
    for (const layer of [this.base, this.trails, this.tails, this.heads]) layer.resize(size.width, size.height);
    this.readAxes();
  }

  /** Read where the axes are; false if that is where they were. */
  readAxes() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const state = stateOf(xaxis, yaxis);
    if (state === this.axes) return false;
    this.axes = state;
    this.toX = scaleOf(xaxis);
    this.toY = scaleOf(yaxis);
    this.box = boxOf(xaxis, yaxis);
    return true;
  }

  #traces() {
    const { bounds, shape, height, range, ticks, scale, minima, saddles } = this.surface;
    const [[x0, x1], [y0, y1]] = bounds;
    const [rows, columns] = shape;
    const colours = scale[this.theme.dark ? "dark" : "light"];
    const level = (range[1] - range[0] || 1) / LEVELS;
    const contour = {
      type: "contour",
      z: Array.from({ length: rows }, (_, row) => height.subarray(row * columns, (row + 1) * columns)),
      x0, dx: (x1 - x0) / (columns - 1), y0, dy: (y1 - y0) / (rows - 1),
      zmin: range[0], zmax: range[1], zauto: false,
      colorscale: colours.map((colour, i) => [i / (colours.length - 1), colour]),
      contours: { coloring: "heatmap", start: range[0] + level / 2, end: range[1], size: level },
      line: { width: 0.6, color: this.theme.dark ? "rgba(200,220,240,0.28)" : "rgba(40,65,90,0.32)" },
      hoverinfo: "skip",
      colorbar: {
        thickness: 8, len: 1, x: 1.01, xpad: 2, ypad: 0, outlinewidth: 0,
        tickvals: ticks.values, ticktext: ticks.text, tickfont: { size: 11, color: this.theme.quiet },
        title: { text: "loss", font: { size: 11, color: this.theme.quiet }, side: "top" },
      },
    };
    const places = (isGlobal) => minima.filter((minimum) => minimum.global === isGlobal);
    return [
      contour,
      this.#places(saddles, "saddle", { symbol: "x-thin", size: 7, line: { width: 1.75, color: this.theme.ink } }),
      this.#places(places(false), "local minimum", { symbol: "circle-open", size: minima.length > MANY ? 5 : 9, line: { width: minima.length > MANY ? 1.25 : 2 } }),
      this.#places(places(true), "lowest minimum", { symbol: "star", size: 13, line: { width: 1.5, color: this.theme.page } }),
    ];
  }

  #places(places, name, marker) {
    return {
      type: "scatter", mode: "markers", cliponaxis: false, hoverinfo: "skip", showlegend: false, name,
      x: places.map((place) => place.x),
      y: places.map((place) => place.y),
      marker: { color: this.theme.ink, ...marker },
    };
  }

  #layout(resets) {
    const { theme, size, surface } = this;
    const axis = (title, range) => ({
      range, title: { text: title, standoff: 4, font: { size: 13 } }, zeroline: false, showgrid: false, automargin: false,
      ticks: "outside", ticklen: 4, tickcolor: theme.line, linecolor: theme.line, nticks: 6, constrain: "domain",
    });
    return {
      ...size.plotly,
      margin: { l: size.isNarrow ? 40 : 46, r: 52, t: size.top, b: 38, autoexpand: false },
      uirevision: `${surface.id} ${resets}`,
      xaxis: axis("x", [...surface.bounds[0]]),
      yaxis: axis("y", [...surface.bounds[1]]),
      showlegend: false,
      hovermode: false,
    };
  }

  /** Take a run (and the one before it, or null) into pixels. */
  setRun(run, ghost) {
    this.run = run;
    this.ghost = ghost;
    const inPixels = (arm) => project(arm.x, arm.y, this.toX.along, this.toY.along, this.box);
    this.paths = run.arms.map(inPixels);
    this.ghosts = ghost ? ghost.arms.map(inPixels) : [];
    this.#paintBase();
    this.#placeHandle();
    this.drawn = null;
  }

  #paintBase() {
    this.base.clear();
    this.base.within(this.box, (pen) => {
      if (this.isCovered) return this.#paintStartCircle(pen);
      this.ghosts.forEach((path, i) => {
        const colour = this.ghost.arms[i].colour[this.theme.side];
        stroke(pen, path, 0, path.x.length, { colour, width: HAIR, dash: [2, 3], alpha: 0.8 });
      });
      this.paths.forEach((path, i) => stroke(pen, path, 0, path.x.length, { colour: this.run.arms[i].colour[this.theme.side], width: HAIR, alpha: 0.35 }));
      this.#paintStartCircle(pen);
    });
  }

  #paintStartCircle(pen) {
    const { x, y, radius, dash } = this.heldStart ?? this.run.start;
    if (!radius) return;
    pen.strokeStyle = this.theme.ink;
    pen.lineWidth = 1.2;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.ellipse(this.toX.along(x), this.toY.along(y), Math.abs(radius * this.toX.perUnit), Math.abs(radius * this.toY.perUnit), 0, 0, 2 * Math.PI);
    pen.stroke();
    pen.setLineDash([]);
    // The handle holds the circle's centre; the run itself begins here.
    const [first] = this.run.arms;
    pen.beginPath();
    pen.arc(this.toX.along(first.x[0]), this.toY.along(first.y[0]), 5, 0, 2 * Math.PI);
    pen.stroke();
  }

  /** Show the cursor at `step`. */
  paint(step) {
    this.#growTrails(step);
    this.heads.clear();
    this.heads.within(this.box, (pen) => {
      for (const arm of this.run.arms) this.#paintHead(pen, arm, step);
      this.#paintAnatomy(pen, step);
    });
  }

  /** Draw what is new of the trails; only going back starts them afresh. */
  #growTrails(step) {
    const goals = this.paths.map((path) => countUpTo(path, step));
    if (!this.drawn || goals.some((goal, i) => goal < this.drawn[i])) {
      this.trails.clear();
      this.drawn = goals.map(() => 0);
    }
    const most = Math.ceil(FRAME_SEGMENTS / goals.length);
    const ends = goals.map((goal, i) => Math.min(goal, this.drawn[i] + most));
    if (ends.some((end, i) => end < goals[i])) this.onUnfinished?.();
    this.trails.within(this.box, (pen) => {
      this.paths.forEach((path, i) => stroke(pen, path, Math.max(this.drawn[i] - 1, 0), ends[i], { ...this.#line(i), width: 1.3, alpha: 0.75 }));
    });
    this.drawn = ends;
    this.#paintTails(goals);
  }

  /** Draw the last stretch before each head bold. Not all of it: a thousand noisy steps would hide the surface and each other. */
  #paintTails(goals) {
    this.tails.clear();
    this.tails.within(this.box, (pen) => {
      const tails = this.paths.map((path, i) => [path, tailOf(path, goals[i]), goals[i]]);
      tails.forEach(([path, first, end], i) => stroke(pen, path, first, end, { colour: this.theme.casing, width: 4.6, dash: this.run.arms[i].dash }));
      tails.forEach(([path, first, end], i) => stroke(pen, path, first, end, { ...this.#line(i), width: 2.4 }));
    });
  }

  #line(i) {
    const { colour, dash } = this.run.arms[i];
    return { colour: colour[this.theme.side], dash };
  }

  #paintHead(pen, arm, step) {
    const [x, y] = this.headOf(arm, step);
    const [px, py] = [this.toX.along(x), this.toY.along(y)];
    const colour = arm.colour[this.theme.side];
    if (!isInside(this.box, px, py)) pointBeyond(pen, this.box, px, py, colour, this.theme);
    else if (arm.diverged_at >= 0 && step >= arm.diverged_at) crossOut(pen, px, py, colour, this.theme);
    else mark(pen, arm.marker, px, py, 5.5, colour, this.theme);
  }

  /** Return where an arm's head is: a run that diverged stays at its last good point. */
  headOf(arm, step) {
    const last = arm.diverged_at > 0 ? Math.min(step, arm.diverged_at - 1) : step;
    return [arm.x[last], arm.y[last]];
  }

  #paintAnatomy(pen, step) {
    const parts = stepParts(this.run, step);
    if (!parts) return;
    const styles = arrowStyles(this.theme);
    const [px, py] = [this.toX.along(parts.x), this.toY.along(parts.y)];
    const reach = ARROW_SHARE * Math.min(this.box.right - this.box.left, this.box.bottom - this.box.top);
    const draw = (vector, style, length) => {
      if (!vector) return;
      const [dx, dy] = [vector[0] * this.toX.perUnit, -vector[1] * this.toY.perUnit];
      const size = Math.hypot(dx, dy);
      if (size > 0 && Number.isFinite(size)) arrow(pen, px, py, (dx / size) * length(size), (dy / size) * length(size), style, this.theme);
    };
    // Gradient and memory have other units than the map: their arrows tell directions, the legend their sizes.
    draw(parts.gradient, styles.gradient, () => reach);
    draw(parts.memory, styles.memory, () => 0.8 * reach);
    draw(parts.update, styles.update, (size) => Math.max(size, LEAST_ARROW));
  }

  // The start as a handle ------------------------------------------------------------------------------------------------------

  #placeHandle() {
    const start = this.heldStart ?? this.run.start;
    const [px, py] = [this.toX.along(start.x), this.toY.along(start.y)];
    // Where nothing can be moved, a circle's centre is no mark of anything.
    this.handle.hidden = (!isInside(this.box, px, py) && !this.isDragging) || Boolean(this.isFixed && start.radius);
    this.handle.style.transform = `translate(${px}px, ${py}px)`;
    const what = start.radius ? "Centre of the circle of starts" : "Start point";
    const label = `${what}, x ${show(start.x)}, y ${show(start.y)}.${this.isFixed ? "" : " Drag it or use the arrow keys."}`;
    this.handle.disabled = Boolean(this.isFixed);
    this.host.classList.toggle("lrx-fixed", this.handle.disabled);
    this.handle.classList.toggle("lrx-centre", Boolean(start.radius));
    this.handle.title = start.radius ? "The centre of the dashed circle, on which every replicate has a start of its own" : "";
    if (this.handle.getAttribute("aria-label") !== label) this.handle.setAttribute("aria-label", label);
  }

  #moveStart(x, y, isFinal) {
    const [[x0, x1], [y0, y1]] = this.surface.bounds;
    const texts = [spell(x, x1 - x0), spell(y, y1 - y0)];
    this.heldStart = { ...this.run.start, x: Number(texts[0]), y: Number(texts[1]) };
    this.#placeHandle();
    if (this.run.start.radius) this.#paintBase();
    this.onStart(...texts, isFinal);
  }

  /** Let the data place the handle again. */
  releaseStart() {
    this.heldStart = null;
    this.#placeHandle();
  }

  #fromEvent(event) {
    const frame = this.host.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  #intoBox([px, py]) {
    const { left, right, top, bottom } = this.box;
    return [this.toX.back(Math.min(Math.max(px, left), right)), this.toY.back(Math.min(Math.max(py, top), bottom))];
  }

  #listenToHandle() {
    const move = (event, isFinal) => this.#moveStart(...this.#intoBox(this.#fromEvent(event)), isFinal);
    this.handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.handle.setPointerCapture(event.pointerId);
      this.isDragging = true;
    });
    this.handle.addEventListener("pointermove", (event) => this.isDragging && move(event, false));
    this.handle.addEventListener("pointerup", (event) => {
      if (!this.isDragging) return;
      this.isDragging = false;
      move(event, true);
    });
    this.handle.addEventListener("pointercancel", () => (this.isDragging = false));
    this.handle.addEventListener("keydown", (event) => {
      const direction = KEY_STEPS[event.key];
      if (!direction) return;
      event.preventDefault();
      const start = this.heldStart ?? this.run.start;
      const share = event.shiftKey ? 0.05 : 0.01;
      const [[x0, x1], [y0, y1]] = this.surface.bounds;
      this.#moveStart(start.x + direction[0] * share * (x1 - x0), start.y + direction[1] * share * (y1 - y0), true);
    });
  }

  /** A click sets the start. Caught here, because contours report no clicks and Plotly covers the page during a press. */
  #listenToClicks() {
    let press = null;
    this.host.addEventListener(
      "pointerdown",
      (event) => {
        const isOnPlot = event.button === 0 && this.run && !this.isFixed && !event.target.closest(".modebar, .lrx-start") && isInside(this.box, ...this.#fromEvent(event));
        press = isOnPlot ? [event.clientX, event.clientY] : null;
      },
      true,
    );
    this.onRelease = (event) => {
      const isClick = press && Math.hypot(event.clientX - press[0], event.clientY - press[1]) < CLICK_SLACK;
      press = null;
      if (isClick) this.#moveStart(...this.#intoBox(this.#fromEvent(event)), true);
    };
    this.onCancel = () => (press = null);
    window.addEventListener("pointerup", this.onRelease, true);
    window.addEventListener("pointercancel", this.onCancel, true);
  }

  /** Show the true loss under the pointer. */
  #listenToPointer() {
    this.host.addEventListener("pointermove", (event) => {
      const [px, py] = this.#fromEvent(event);
      if (!this.box || event.pointerType === "touch" || !isInside(this.box, px, py)) {
        this.tip.hidden = true;
        return;
      }
      const [x, y] = [this.toX.back(px), this.toY.back(py)];
      const marked = [...this.surface.minima, ...this.surface.saddles];
      const found = marked.find((place) => Math.hypot(this.toX.along(place.x) - px, this.toY.along(place.y) - py) < 8);
      const loss = found ? found.value : lossAt(this.surface, heightAt(this.surface, x, y));
      const name = found ? `${found.name} · ` : "";
      const [shownX, shownY] = found ? [found.x, found.y] : [x, y];
      this.tip.textContent = `${name}x ${show(shownX)} · y ${show(shownY)} · loss ${show(loss)}`;
      this.tip.hidden = false;
      placeTip(this.tip, px, py, this.size);
    });
    this.host.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  destroy() {
    window.removeEventListener("pointerup", this.onRelease, true);
    window.removeEventListener("pointercancel", this.onCancel, true);
    this.Plotly.purge(this.plot);
  }
}

/** Put a tip beside the pointer, on the side that has room. */
export function placeTip(tip, px, py, size) {
  const { offsetWidth: width, offsetHeight: height } = tip;
  const x = px + 14 + width < size.width ? px + 14 : Math.max(0, px - 14 - width);
  const y = py - 10 - height > 0 ? py - 10 - height : py + 16;
  tip.style.transform = `translate(${x}px, ${y}px)`;
}

/**
 * Take update `step` of the arm under study apart: where it starts, −gradient, −memory (both downhill, the way a step uses them) and
 * the move that was made. Null at the end of the run, after divergence, or if no arm is under study.
 */
export function stepParts(run, cursor) {
  const arm = run.arms[run.anatomy];
  if (!arm) return null;
  // At the end of the run there is no next update; the last one is shown.
  const step = Math.min(cursor, run.steps - 1);
  const [x, y] = [arm.x[step], arm.y[step]];
  const update = [arm.x[step + 1] - x, arm.y[step + 1] - y];
  if (!Number.isFinite(x + y)) return null;
  const negative = (array) => array && [-array[step], -array[step + run.steps]];
  return { x, y, update, gradient: negative(run.gradient), memory: arm.memory_label ? negative(run.memory) : null };
}
