// The bar under the figure, the table of values at the cursor, and the legend of a step taken apart.

import { element, icon, rateAt, show, write } from "./format.js";
import { arrowStyles, stepParts } from "./map.js";
import { arrow, mark } from "./paint.js";

const ICONS = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 5h4.2v14H6zM13.8 5H18v14h-4.2z",
  start: "M6 5h2.6v14H6zM20 5v14L9.5 12z",
  back: "M16.5 5v14L6 12z",
  forward: "M7.5 5v14L18 12z",
};
const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** Playback, speed, view and ghost; `act` holds a function for each. */
export class Bar {
  constructor(act) {
    const button = (name, label, onclick) => element("button", { type: "button", class: "lrx-button", "aria-label": label, title: label, onclick }, icon(ICONS[name]));
    this.play = element("button", { type: "button", class: "lrx-button lrx-play", onclick: act.toggle }, icon(ICONS.play), element("span", {}, "Play"));
    this.scrub = element("input", { type: "range", min: "0", step: "1", class: "lrx-scrub", "aria-label": "Step", oninput: () => act.seek(Number(this.scrub.value)) });
    this.readout = element("output", { class: "lrx-readout" });
    this.speed = element("select", { "aria-label": "Playback speed", class: "lrx-speed", onchange: () => act.speed(Number(this.speed.value)) });
    for (const speed of SPEEDS) this.speed.append(element("option", { value: speed, ...(speed === 1 ? { selected: "" } : {}) }, `${speed}×`));
    this.views = Object.fromEntries(["2d", "3d"].map((view) => [view, this.#switch(view === "2d" ? "2-D" : "3-D", () => act.view(view))]));
    this.ghost = this.#switch("Ghost", act.ghost);
    this.ghost.title = "Keep the run before the last change in view, dotted";
    this.drop = this.#switch("Drop rate here", () => this.isInside && act.drop());
    this.branch = element("button", { type: "button", class: "lrx-button lrx-switch", onclick: () => this.isInside && act.branch() }, "Branch here");
    const steps = [
      button("start", "To the start", () => act.seek(0)),
      button("back", "One step back", () => act.move(-1)),
      button("forward", "One step forward", () => act.move(1)),
    ];
    const views = element("div", { class: "lrx-pair", role: "group", "aria-label": "View" }, ...Object.values(this.views));
    this.root = element(
      "div",
      { class: "lrx-bar" },
      element("div", { class: "lrx-group" }, this.play, ...steps),
      this.scrub,
      this.readout,
      element("div", { class: "lrx-group lrx-options" }, this.speed, views, this.ghost, this.drop, this.branch),
    );
  }

  #switch(text, onclick) {
    return element("button", { type: "button", class: "lrx-button lrx-switch", "aria-pressed": "false", onclick }, text);
  }

  update({ step, steps, isPlaying, view, hasGhost, speed, dropped }) {
    this.speed.value = speed;
    this.scrub.max = String(steps);
    this.scrub.value = String(step);
    this.scrub.setAttribute("aria-valuetext", `step ${step} of ${steps}`);
    write(this.readout, `step ${step} / ${steps}`);
    const [shown, label] = isPlaying ? ["pause", "Pause"] : ["play", "Play"];
    if (this.play.dataset.shown !== shown) {
      this.play.dataset.shown = shown;
      this.play.replaceChildren(icon(ICONS[shown]), element("span", {}, label));
    }
    for (const [name, control] of Object.entries(this.views)) control.setAttribute("aria-pressed", String(name === view));
    this.ghost.setAttribute("aria-pressed", String(hasGhost));
    this.drop.setAttribute("aria-pressed", String(dropped.at > 0 && dropped.at === step));
    this.isInside = step > 0 && step < steps;
    const edge = step === 0 ? "The run only begins here" : "The run ends here";
    this.#explain(this.drop, this.isInside
      ? `Multiply the rate of ${dropped.name} by its drop factor from the cursor on${dropped.at ? `; now at step ${dropped.at}` : ""}`
      : `${edge}: move the cursor to the step where the rate is to drop, or drag the round handle on the learning-rate curve.`);
    this.#explain(this.branch, this.isInside
      ? `Compare what ${dropped.name} could do from step ${step} on: go on at this rate, decay, or restart`
      : `${edge}: move the cursor to the step where the run is to fork.`);
  }

  /** Say what a button does at the cursor, or why it does nothing. Off, it can be reached all the same: a disabled one would tell no keyboard why. */
  #explain(button, text) {
    button.title = text;
    button.setAttribute("aria-description", text);
    button.setAttribute("aria-disabled", String(!this.isInside));
  }
}

/** One row an arm: what it looks like and its values at the cursor. */
export class ValueTable {
  constructor() {
    this.body = element("tbody");
    const heads = ["Arm", "η", "Loss", "x", "y"].map((name) => element("th", { scope: "col" }, name));
    this.root = element("table", { class: "lrx-table", "aria-label": "Values at the cursor" }, element("thead", {}, element("tr", {}, ...heads)), this.body);
  }

  setRun(run, theme) {
    this.run = run;
    const looks = JSON.stringify([theme.side, theme.page, run.arms.map((arm) => [arm.name, arm.factors, arm.colour, arm.marker])]);
    if (looks === this.looks) return;
    this.looks = looks;
    this.rows = run.arms.map((arm) => {
      const cells = ["η", "Loss", "x", "y"].map((name) => element("td", { "data-name": name }));
      const factors = arm.factors ? [element("span", { class: "lrx-note" }, ` η ${arm.factors}`)] : [];
      const name = element("th", { scope: "row", title: arm.name }, swatch(arm, theme), element("span", { class: "lrx-name" }, arm.name), ...factors);
      return { cells, row: element("tr", {}, name, ...cells) };
    });
    this.body.replaceChildren(...this.rows.map(({ row }) => row));
  }

  update(step) {
    this.run.arms.forEach((arm, i) => {
      const isGone = arm.diverged_at >= 0 && step >= arm.diverged_at;
      const [rate, loss, x, y] = this.rows[i].cells;
      write(rate, show(rateAt(arm, step)));
      loss.colSpan = isGone ? 3 : 1;
      x.hidden = y.hidden = isGone;
      write(loss, isGone ? arm.gone : show(arm.excess[step] + this.run.loss.offset));
      write(x, show(arm.x[step]));
      write(y, show(arm.y[step]));
    });
  }
}

/** A short piece of the arm's line with its marker. */
function swatch(arm, theme) {
  return drawing(40, 16, (pen) => {
    pen.strokeStyle = arm.colour[theme.side];
    pen.lineWidth = 2.4;
    pen.setLineDash(arm.dash);
    pen.beginPath();
    pen.moveTo(0, 8);
    pen.lineTo(40, 8);
    pen.stroke();
    pen.setLineDash([]);
    mark(pen, arm.marker, 20, 8, 4.5, arm.colour[theme.side], theme);
  });
}

function drawing(width, height, draw) {
  const canvas = element("canvas", { width: width * 2, height: height * 2, class: "lrx-swatch", "aria-hidden": "true" });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  draw(pen);
  return canvas;
}

/** What the arrows at the head mean, with their true sizes. */
export class AnatomyLegend {
  constructor() {
    this.root = element("div", { class: "lrx-anatomy", hidden: "" });
  }

  setRun(run, theme) {
    this.run = run;
    const arm = run.arms[run.anatomy];
    this.root.hidden = !arm;
    if (!arm) return;
    const names = { gradient: "−gradient, as this update saw it", memory: `−${arm.memory_label}`, update: "the update, to scale" };
    if (!arm.memory_label || !run.memory) delete names.memory;
    const styles = arrowStyles(theme);
    this.values = {};
    const title = element("div", { class: "lrx-anatomy-title" }, `One step of ${arm.name}`);
    const rows = Object.entries(names).map(([part, name]) => {
      const picture = drawing(40, 14, (pen) => arrow(pen, 3, 7, 33, 0, styles[part], theme));
      this.values[part] = element("span", { class: "lrx-number" });
      return element("div", { class: "lrx-anatomy-row" }, picture, element("span", {}, name), this.values[part]);
    });
    const note = "Only the update is drawn to scale. The other arrows show directions; their numbers tell the sizes.";
    this.root.replaceChildren(title, ...rows, element("div", { class: "lrx-note" }, note));
  }

  update(step) {
    if (this.root.hidden) return;
    const parts = stepParts(this.run, step);
    for (const [part, target] of Object.entries(this.values)) {
      const vector = parts?.[part];
      write(target, vector ? `(${show(vector[0])}, ${show(vector[1])}), length ${show(Math.hypot(...vector))}` : "no update from here");
    }
  }
}
