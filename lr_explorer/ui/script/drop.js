// The drop handle on the learning-rate curve: from where it stands, the selected arm's rate is multiplied by its drop factor.

import { element, icon, rateAt } from "./format.js";

const ARROW = "M11 3h2v13l5-5 1.4 1.4L12 20l-7.4-7.6L6 11l5 5z";
const REACH = 12; // half the handle's size, in pixels
const LIFT = 20; // how far above the curve it hovers, so that the curve stays in view

export class DropHandle {
  /** onMove(step, isFinal): the handle was moved to `step`; at the run's last step there is no drop. */
  constructor(host, onMove) {
    this.host = host;
    this.onMove = onMove;
    this.button = element("button", { type: "button", class: "lrx-drop", role: "slider", "aria-orientation": "horizontal" }, icon(ARROW));
    host.append(this.button);
    this.#listen();
  }

  /** Put the handle where the arm's rate drops, at the end of the run if it does not. scale: of the steps; yOf(rate): its place; isFixed: nobody may move it. */
  place(arm, steps, { scale, yOf, box, colour, isFixed }) {
    Object.assign(this, { arm, steps, scale, yOf, box, colour, isFixed });
    this.button.style.setProperty("--lrx-arm", colour);
    if (!this.isDragging) this.#show(arm.drop_at > 0 && arm.drop_at < steps ? arm.drop_at : steps);
  }

  #show(step) {
    this.step = step;
    const [x, y] = [this.scale.along(step), this.yOf(rateAt(this.arm, step - 1))];
    this.button.hidden = this.isFixed || (!(x >= this.box.left - 1 && x <= this.box.right + 1) && !this.isDragging);
    const onCurve = Math.min(Math.max(y, this.box.top), this.box.bottom);
    const top = onCurve - LIFT - REACH < this.box.top ? onCurve + LIFT : onCurve - LIFT;
    this.button.style.transform = `translate(${x - REACH}px, ${top - REACH}px)`;
    const says = step < this.steps ? `from step ${step}` : "never";
    const attributes = { "aria-valuemin": 1, "aria-valuemax": this.steps, "aria-valuenow": step, "aria-valuetext": says };
    for (const [name, value] of Object.entries(attributes)) this.button.setAttribute(name, value);
    this.button.setAttribute("aria-label", `Drop of the rate of ${this.arm.name}`);
    this.button.title = `Drag: ${this.arm.name}'s rate is multiplied by its drop factor from here on; now ${says}`;
  }

  #move(step, isFinal) {
    const within = Math.min(Math.max(Math.round(step), 1), this.steps);
    if (within === this.step && !isFinal) return;
    this.#show(within);
    this.onMove(within, isFinal);
  }

  #listen() {
    const at = (event) => this.scale.back(event.clientX - this.host.getBoundingClientRect().left);
    const stop = (event) => {
      if (!this.isDragging) return;
      this.isDragging = false;
      if (event.type === "pointerup") this.#move(at(event), true);
      else this.place(this.arm, this.steps, this);
    };
    this.button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.isDragging = true;
      this.button.setPointerCapture(event.pointerId);
    });
    this.button.addEventListener("pointermove", (event) => this.isDragging && this.#move(at(event), false));
    this.button.addEventListener("pointerup", stop);
    this.button.addEventListener("pointercancel", stop);
    this.button.addEventListener("keydown", (event) => {
      const by = event.shiftKey ? Math.max(1, Math.round(this.steps / 10)) : 1;
      const step = { ArrowLeft: this.step - by, ArrowRight: this.step + by, Home: 1, End: this.steps }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.#move(step, true);
    });
  }
}
