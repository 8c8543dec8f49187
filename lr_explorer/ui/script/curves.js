// Learning rate over loss, on one axis of steps. Plotly draws the axes; the curves are canvas, like the trails on the map.

import { DropHandle } from "./drop.js";
import { element, rateAt, show } from "./format.js";
import { HAIR, Layer, boxOf, follow, isInside, mark, project, scaleOf, stateOf, stroke } from "./paint.js";
import { placeTip } from "./map.js";

// Below this share of the lowest loss double precision has nothing left to tell; where that is zero, curves end here.
const PRECISION = 1e-16;
const DEEPEST = 1e-30;
// A run may leave the panel when it climbs this many times above the highest start; it shall not flatten the others.
const HEADROOM = 100;
const GAP = 34;

export class CurvesView {
  /** onSeek(step): the panel was clicked. onScale(): an axis was switched between linear and log. onDrop: as in DropHandle. */
  constructor(host, Plotly, { onSeek, onScale, onDrop }) {
    Object.assign(this, { host, Plotly, onSeek, onScale });
    this.isLog = { lr: false, loss: true };
    this.plot = element("div", { class: "lrx-plot" });
    host.append(this.plot);
    this.base = new Layer(host, "base");
    this.bold = new Layer(host, "bold");
    this.heads = new Layer(host, "heads");
    this.titles = { lr: this.#title("lr"), loss: this.#title("loss") };
    this.tip = element("div", { class: "lrx-tip lrx-tip-table", "aria-hidden": "true", hidden: "" });
    host.append(this.tip);
    this.handle = new DropHandle(host, onDrop);
    this.#listen();
  }

  #title(panel) {
    const label = element("span");
    const toggle = element("button", { type: "button", class: "lrx-toggle", onclick: () => {
      this.isLog[panel] = !this.isLog[panel];
      this.onScale();
    } });
    const bar = element("div", { class: "lrx-title" }, label, toggle);
    this.host.append(bar);
    return { bar, label, toggle };
  }

  /** Draw axes for `run` and take its curves (and the ghost's) into pixels. */
  draw(run, ghost, theme, size, resets) {
    Object.assign(this, { run, ghost, theme, size });
    this.scales = { lr: this.#lrScale(), loss: this.#lossScale() };
    const layout = this.#layout(resets);
    // An axis costs ~20 ms to draw; most changes of a run leave all three as they were.
    const wanted = JSON.stringify([layout, size.config.displayModeBar]);
    if (wanted !== this.shown) this.Plotly.react(this.plot, TRACES, layout, size.config);
    this.shown = wanted;
    follow(this.plot, () => this.onMoved?.());
    if (this.base.width !== size.width || this.base.height !== size.height) {
      for (const layer of [this.base, this.bold, this.heads]) layer.resize(size.width, size.height);
    }
    this.#writeTitles();
    this.readAxes();
    this.project();
  }

  /** Read where the axes are; false if that is where they were. */
  readAxes() {
    const { xaxis, yaxis, yaxis2 } = this.plot._fullLayout;
    const state = stateOf(xaxis, yaxis, yaxis2);
    if (state === this.axes) return false;
    this.axes = state;
    this.toStep = scaleOf(xaxis);
    this.panels = { lr: { ...scaleOf(yaxis), box: boxOf(xaxis, yaxis) }, loss: { ...scaleOf(yaxis2), box: boxOf(xaxis, yaxis2) } };
    return true;
  }

  /** Recompute all pixels, after an axis moved. */
  project() {
    const curves = (arms) => arms.flatMap((arm) => [this.#curve(arm, "lr", arm.lr), this.#curve(arm, "loss", arm.excess)]);
    this.curves = curves(this.run.arms);
    this.base.clear();
    this.bold.clear();
    for (const { panel, path, arm } of this.ghost ? curves(this.ghost.arms) : []) {
      this.#stroke(this.base, panel, path, { colour: arm.colour[this.theme.side], width: HAIR, dash: [2, 3], alpha: 0.8 });
    }
    for (const { panel, path, arm } of this.curves) {
      const colour = arm.colour[this.theme.side];
      this.#stroke(this.base, panel, path, { colour, width: HAIR, alpha: 0.4 });
      // A curve with a bend at every pixel would fill its panel if it were bold.
      const isDense = path.x.length > 0.7 * (this.panels[panel].box.right - this.panels[panel].box.left) && panel === "loss";
      this.#stroke(this.bold, panel, path, isDense ? { colour, width: HAIR } : { colour, width: 2, dash: arm.dash });
    }
    this.placeHandle();
  }

  /** Put the drop handle on the selected arm's curve. */
  placeHandle() {
    const arm = this.run.arms[this.run.selected];
    const { along, box } = this.panels.lr;
    const yOf = (rate) => along(this.scales.lr.place(rate));
    this.handle.place(arm, this.run.steps, { scale: this.toStep, yOf, box, colour: arm.colour[this.theme.side], isFixed: this.isFixed });
  }

  #stroke(layer, panel, path, style) {
    layer.within(this.panels[panel].box, (pen) => stroke(pen, path, 0, path.x.length, style));
  }

  #curve(arm, panel, values) {
    const { along, box } = this.panels[panel];
    const scale = this.scales[panel];
    const steps = telling(values, box.right - box.left);
    // A rate holds until the update after it: the last one reaches to the run's end.
    const xs = panel === "lr" ? [...steps, values.length] : steps;
    const ys = xs.map((step) => values[Math.min(step, values.length - 1)]);
    return { panel, arm, values, path: project(xs, ys, this.toStep.along, (value) => along(scale.place(value)), box) };
  }

  #lrScale() {
    const [low, high] = extent(this.run.arms.map((arm) => arm.lr));
    if (!this.isLog.lr) return { range: roundRange(Math.min(0, low), high), place: (value) => value, type: "linear" };
    // A rate of zero has no logarithm: its curve goes down to the panel's edge.
    const [least] = extent(this.run.arms.map((arm) => arm.lr), (value) => value > 0);
    const floor = Math.log10(Math.max(least, high * 1e-12));
    return { range: roundDecades(floor, Math.log10(high)), place: (value) => (value > 0 ? Math.log10(value) : floor - 1), type: "log" };
  }

  #lossScale() {
    const arrays = [...this.run.arms, ...(this.ghost?.arms ?? [])].map((arm) => arm.excess);
    const { offset } = this.run.loss;
    const first = Math.max(...arrays.map((values) => values[0]).filter(Number.isFinite), 0);
    const [low, high] = extent(arrays);
    const top = first > 0 ? Math.min(high, HEADROOM * first) : high;
    if (!this.isLog.loss) {
      const range = roundRange(low + offset, top + offset);
      return { range, place: (value) => value + offset, type: "linear", note: high > top ? ` (at the edge: ≥ ${roughly(range[1])})` : "" };
    }
    const [least] = extent(arrays, (value) => value > 0);
    const deepest = Math.max(DEEPEST, Math.abs(offset) * PRECISION);
    const floor = Math.log10(Math.max(least, deepest));
    const range = roundDecades(floor, Math.log10(top));
    const edges = [low <= 0 || least < deepest ? `≤ ${roughly(10 ** range[0])}` : "", high > top ? `≥ ${roughly(10 ** range[1])}` : ""].filter(Boolean);
    const note = edges.length ? ` (at the edge: ${edges.join(", ")})` : "";
    return { range, place: (value) => (value > 0 ? Math.log10(value) : floor - 1), type: "log", note };
  }

  #writeTitles() {
    const { lr, loss } = this.titles;
    const [top, second] = this.#tops();
    lr.bar.style.top = `${top - 25}px`;
    loss.bar.style.top = `${second - 25}px`;
    for (const { bar } of [lr, loss]) bar.style.right = `${this.size.right}px`;
    lr.label.textContent = "learning rate η";
    loss.label.textContent = (this.isLog.loss ? this.run.loss.label : "loss") + this.scales.loss.note;
    for (const [panel, { toggle }] of Object.entries(this.titles)) {
      toggle.textContent = this.isLog[panel] ? "log" : "linear";
      toggle.setAttribute("aria-label", `${toggle.textContent}: scale of the ${panel === "lr" ? "learning rate" : "loss"} axis. Switch.`);
    }
  }

  /** Return where the two panels begin, in pixels; the gap between them holds the second title. */
  #tops() {
    const inner = this.size.height - this.size.top - 38;
    return [this.size.top, this.size.top + (inner + GAP) / 2];
  }

  #layout(resets) {
    const { theme, size, run } = this;
    const inner = size.height - size.top - 38;
    const share = (inner - GAP) / 2 / inner;
    const y = (panel, domain) => ({
      type: this.scales[panel].type, range: this.scales[panel].range, domain, anchor: "x", automargin: false, nticks: 5, zeroline: false,
      gridcolor: theme.grid, linecolor: theme.line, exponentformat: "e", minexponent: 3, uirevision: `${run.surface} ${panel} ${this.scales[panel].type} ${resets}`,
      dtick: this.scales[panel].type === "log" ? Math.max(1, Math.ceil((this.scales[panel].range[1] - this.scales[panel].range[0]) / 5)) : undefined,
    });
    return {
      ...size.plotly,
      margin: { l: 50, r: size.right, t: size.top, b: 38, autoexpand: false },
      uirevision: `${run.surface} ${resets}`,
      xaxis: {
        range: [0, Math.max(run.steps, 1)], anchor: "y2", automargin: false, nticks: 6, zeroline: false, gridcolor: theme.grid, linecolor: theme.line,
        title: { text: "step", standoff: 4, font: { size: 13 } }, uirevision: `${run.surface} ${run.steps} ${resets}`,
      },
      yaxis: y("lr", [1 - share, 1]),
      yaxis2: y("loss", [0, share]),
      showlegend: false,
      hovermode: false,
    };
  }

  /** Show the cursor at `step`: the bold curves are there already, and uncovered up to it. */
  paint(step) {
    const x = this.toStep.along(step);
    const { left, right } = this.panels.lr.box;
    const covered = Math.max(0, this.size.width - Math.max(x, left - 1));
    this.bold.canvas.style.clipPath = `inset(0 ${covered}px 0 0)`;
    this.bold.canvas.dataset.covered = covered;
    this.heads.clear();
    if (x < left - 1 || x > right + 1) return;
    const pen = this.heads.pen;
    for (const { box } of Object.values(this.panels)) {
      pen.fillStyle = this.theme.quiet;
      pen.fillRect(Math.round(x) - 0.5, box.top, 1, box.bottom - box.top);
    }
    for (const { panel, arm, values } of this.curves) this.#paintHead(panel, arm, panel === "lr" ? rateAt(arm, step) : values[step], x);
  }

  #paintHead(panel, arm, value, x) {
    const { along, box } = this.panels[panel];
    const y = along(this.scales[panel].place(value));
    if (y < box.top - 2 || y > box.bottom + 2 || !Number.isFinite(y)) return;
    mark(this.heads.pen, arm.marker, x, y, 4, arm.colour[this.theme.side], this.theme);
  }

  #listen() {
    let press = null;
    const stepAt = (event) => {
      const frame = this.host.getBoundingClientRect();
      const [px, py] = [event.clientX - frame.left, event.clientY - frame.top];
      const isOnPanel = this.panels && Object.values(this.panels).some(({ box }) => isInside(box, px, py));
      const step = isOnPanel ? Math.round(this.toStep.back(px)) : -1;
      return step >= 0 && step <= this.run.steps ? { step, px, py } : null;
    };
    this.host.addEventListener("pointerdown", (event) => (press = event.target.closest("button, .modebar") ? null : event), true);
    this.onRelease = (event) => {
      const isClick = press && Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) < 4;
      press = null;
      const at = isClick && stepAt(event);
      if (at) this.onSeek(at.step);
    };
    window.addEventListener("pointerup", this.onRelease, true);
    this.host.addEventListener("pointermove", (event) => {
      const at = event.pointerType === "touch" ? null : stepAt(event);
      this.tip.hidden = !at;
      if (at) this.#showTip(at);
    });
    this.host.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  #showTip({ step, px, py }) {
    const rows = this.run.arms.map((arm) =>
      element("tr", {}, element("th", {}, arm.name), element("td", {}, `${show(rateAt(arm, step))} ${arm.factors}`), element("td", {}, show(arm.excess[step] + this.run.loss.offset))),
    );
    const head = element("tr", {}, element("th", {}, `step ${step}`), element("td", {}, "η"), element("td", {}, "loss"));
    this.tip.replaceChildren(element("table", {}, head, ...rows));
    placeTip(this.tip, px, py, this.size);
  }

  destroy() {
    window.removeEventListener("pointerup", this.onRelease, true);
    this.Plotly.purge(this.plot);
  }
}

// Plotly draws a panel only where a trace asks for one.
const TRACES = ["y", "y2"].map((yaxis) => ({ type: "scatter", x: [null], y: [null], xaxis: "x", yaxis, hoverinfo: "skip" }));

/** Return the steps that a panel of `width` pixels can tell apart: of each pixel's share of a long curve, its least and greatest value. */
function telling(values, width) {
  const share = Math.ceil(values.length / width);
  const steps = [];
  for (let first = 0; first < values.length; first += share) {
    const end = Math.min(first + share, values.length);
    let [low, high] = [first, first];
    for (let step = first; step < end; step++) {
      if (!(values[step] >= values[low])) low = step;
      if (!(values[step] <= values[high])) high = step;
    }
    if (low !== high) steps.push(Math.min(low, high));
    steps.push(Math.max(low, high));
  }
  return steps;
}

/** Return a number to one digit, short enough for a title. */
function roughly(value) {
  return value.toExponential(0).replace("e+", "e").replace("-", "−");
}

/** Return the least and greatest finite value of all arrays that `isMeant`. */
function extent(arrays, isMeant = () => true) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of arrays) {
    for (const value of values) {
      if (!Number.isFinite(value) || !isMeant(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

/** Return a linear range, rounded outwards to tenths of its size: it stays as it is while a slider changes the run a little. */
function roundRange(low, high) {
  if (!(high >= low)) return [0, 1];
  const size = high - low || Math.abs(high) || 1;
  const unit = 10 ** Math.floor(Math.log10(size)) / (size / 10 ** Math.floor(Math.log10(size)) > 3 ? 1 : 4);
  return [low === 0 ? 0 : Math.floor((low - 0.03 * size) / unit) * unit, Math.ceil((high + 0.03 * size) / unit) * unit];
}

/** Return a range of log10 values, rounded outwards to half decades, or to whole ones where it would have a single tick. */
function roundDecades(low, high) {
  if (!(high >= low) || !Number.isFinite(low + high)) return [-1, 1];
  const [from, to] = [Math.floor(2 * low - 0.2) / 2, Math.ceil(2 * high + 0.2) / 2];
  return Math.floor(to) > Math.ceil(from) ? [from, to] : [Math.floor(from), Math.ceil(to)];
}
