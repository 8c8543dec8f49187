// Parameters as sliders with exact typing. Python (controls.py) describes the rows and holds the values; this script shows them,
// keeps at most one request in flight while a slider is dragged, and never overwrites what the user is holding or typing.

import { nearest, plain, stopsOf } from "./numbers.js";

const PATIENCE = 1500; // ms after which an unanswered request no longer holds back the next one
const RUN_STATE = "data-test-script-state"; // Streamlit's own mark of a running script

/** Show `data` ({turn, items}); Streamlit calls this again whenever data or theme change. */
export function show({ data, parentElement, setTriggerValue }, { styles }) {
  let panel = parentElement.lrxPanel;
  if (!(panel instanceof Panel)) {
    panel?.close(); // left by an older version of this script: the server was updated while the page stayed open
    panel = parentElement.lrxPanel = new Panel(parentElement, styles, data.turn);
  }
  panel.post = (edit) => setTriggerValue("edit", edit);
  panel.receive(data);
  return () => {
    panel.close();
    delete parentElement.lrxPanel;
  };
}

class Panel {
  constructor(root, styles, turn) {
    this.rows = new Map();
    this.edits = new Map(); // link key -> {text, sent: turn it left in, or 0}; kept until Python has answered
    this.turn = turn;
    this.flight = null; // {since, answered}
    this.urgent = false;
    this.element = make("div", { class: "lrx-controls", hidden: "" });
    this.styles = make("link", { rel: "stylesheet", href: styles });
    for (const end of ["load", "error"]) this.styles.addEventListener(end, () => (this.element.hidden = false));
    root.append(this.styles, this.element);
    this.hideTip = () => this.element.querySelector(".tip:popover-open")?.hidePopover();
    addEventListener("scroll", this.hideTip, { capture: true, passive: true });
    this.app = document.querySelector('[data-testid="stApp"]');
    this.watch = new MutationObserver(() => this.settle());
    if (this.app) this.watch.observe(this.app, { attributes: true, attributeFilter: [RUN_STATE] });
  }

  close() {
    clearTimeout(this.timer);
    this.watch.disconnect();
    removeEventListener("scroll", this.hideTip, { capture: true });
    this.styles.remove();
    this.element.remove();
  }

  receive({ turn, items }) {
    const late = this.flight && performance.now() - this.flight.since > PATIENCE;
    for (const [key, edit] of this.edits) if (edit.sent && (edit.sent <= turn || late)) this.edits.delete(key);
    if (this.flight && turn >= this.turn) this.flight.answered = true;

    const keys = new Set(items.map((item) => item.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
      this.edits.delete(key);
    }
    items.forEach((item, place) => {
      let row = this.rows.get(item.key);
      if (row && row.item.kind !== item.kind) {
        row.element.remove();
        row = null;
      }
      if (!row) this.rows.set(item.key, (row = new KINDS[item.kind](this, item)));
      // Moving a node would take its focus away, so only what is out of place moves.
      if (this.element.children[place] !== row.element) this.element.insertBefore(row.element, this.element.children[place] ?? null);
      row.receive(item);
    });
    this.settle();
  }

  /** Note a new text; `final` ones (released, typed, chosen) wait for an answer no longer than PATIENCE, others until the run has ended. */
  edit(key, text, final) {
    if (this.edits.get(key)?.text !== text) this.edits.set(key, { text, sent: 0 });
    if (final) this.urgent = true;
    this.settle();
  }

  /**
   * Send what is unsent as soon as the last request is answered. The figure stands before the controls in a page's script, so an answer
   * means that the figure is on its way; what comes after it may be cut short by the next request.
   */
  settle() {
    const running = ["running", "rerunRequested"].includes(this.app?.getAttribute(RUN_STATE));
    if (this.flight) {
      const { since, answered } = this.flight;
      const late = performance.now() - since >= PATIENCE;
      if (!answered && !(late && (this.urgent || !running))) return;
      // Nothing runs and no answer came: the request went to a session that has ended. One more try.
      if (!answered && !running) for (const edit of this.edits.values()) if (!edit.again) Object.assign(edit, { sent: 0, again: true });
      this.flight = null;
    }
    const edits = [...this.edits];
    if (edits.every(([, edit]) => edit.sent)) return;
    this.turn += 1;
    for (const [, edit] of edits) edit.sent = this.turn;
    this.urgent = false;
    this.flight = { since: performance.now(), answered: false };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), PATIENCE + 20);
    this.post({ turn: this.turn, values: Object.fromEntries(edits.map(([key, edit]) => [key, edit.text])) });
  }
}

/** One parameter. `text` is the value in force here, `latest` what Python said last. */
class Row {
  constructor(panel, item) {
    this.panel = panel;
    this.name = make("label", { for: `value ${item.key}` });
    this.help = make("button", { class: "help", type: "button" }, "?");
    this.tip = make("div", { class: "tip", role: "tooltip", popover: "auto" });
    this.error = make("p", { class: "error", role: "alert" });
    this.head = make("div", { class: "head" }, make("span", { class: "name" }, this.name, this.help));
    this.element = make("div", { class: `row ${item.kind}`, "data-key": item.key }, this.head, this.tip, this.error);
    this.offerHelp();
  }

  offerHelp() {
    const open = () => {
      if (this.tip.matches(":popover-open")) return;
      this.tip.showPopover();
      const button = this.help.getBoundingClientRect();
      const tip = this.tip.getBoundingClientRect();
      const below = button.bottom + 4 + tip.height < innerHeight;
      this.tip.style.left = `${Math.max(8, Math.min(button.left - 8, innerWidth - tip.width - 8))}px`;
      this.tip.style.top = `${below ? button.bottom + 4 : Math.max(8, button.top - tip.height - 4)}px`;
    };
    const close = () => this.tip.hidePopover();
    // The pointer may move on to the text, to read or select it.
    const leave = (event) => event.pointerType === "mouse" && setTimeout(() => this.tip.matches(":hover") || this.help.matches(":hover") || close(), 150);
    this.help.addEventListener("click", open);
    this.help.addEventListener("focus", () => this.help.matches(":focus-visible") && open());
    this.help.addEventListener("blur", close);
    this.help.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && open());
    this.help.addEventListener("pointerleave", leave);
    this.tip.addEventListener("pointerleave", leave);
  }

  receive(item) {
    const { text, ...description } = item;
    const signature = JSON.stringify(description);
    const changed = signature !== this.signature;
    this.signature = signature;
    this.item = item;
    this.latest = text;
    if (changed) this.describe();
    this.adopt(changed);
  }

  describe() {
    const { label, unit, help } = this.item;
    this.name.replaceChildren(label, ...(unit ? [make("span", { class: "unit" }, ` (${unit})`)] : []));
    this.help.setAttribute("aria-label", `About ${label}`);
    this.help.ariaDescription = help;
    this.help.hidden = !help;
    this.tip.textContent = help;
  }

  /** Take over Python's value unless the user is at work on this row or an edit of it is on its way. */
  adopt(repaint = false) {
    if (this.busy() || this.panel.edits.has(this.item.key)) return;
    if (!repaint && this.text === this.latest) return;
    this.text = this.latest;
    this.paint();
  }

  edit(text, final = true) {
    const news = text !== this.text || this.panel.edits.has(this.item.key);
    this.text = text;
    this.paint();
    if (news) this.panel.edit(this.item.key, text, final);
  }

  busy() {
    return false;
  }
}

class ChoiceRow extends Row {
  constructor(panel, item) {
    super(panel, item);
    this.input = make("select", { class: "field", id: `value ${item.key}` });
    this.head.after(this.input);
    this.input.addEventListener("change", () => this.edit(this.input.value));
  }

  describe() {
    super.describe();
    this.input.replaceChildren(...this.item.options.map(([name, label]) => make("option", { value: name }, label)));
  }

  paint() {
    this.input.value = this.text;
  }
}

class FlagRow extends Row {
  constructor(panel, item) {
    super(panel, item);
    this.input = make("input", { type: "checkbox", role: "switch", id: `value ${item.key}` });
    this.head.prepend(this.input);
    this.input.addEventListener("change", () => this.edit(String(this.input.checked)));
  }

  paint() {
    this.input.checked = this.text === "true";
  }
}

/** A line of text: Enter or leaving the field commits, Escape takes back. */
class TextRow extends Row {
  constructor(panel, item) {
    super(panel, item);
    this.box = make("input", { class: "field", type: "text", id: `value ${item.key}`, autocomplete: "off", spellcheck: "false" });
    this.error.id = `error ${item.key}`;
    this.head.after(this.box);
    this.box.addEventListener("input", () => {
      this.touched = true;
      this.complain("");
      this.fit();
    });
    this.box.addEventListener("blur", () => this.touched && this.commit());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.commit();
      if (event.key === "Escape") this.revert();
    });
  }

  busy() {
    return this.touched && this.box.getRootNode().activeElement === this.box;
  }

  commit() {
    const { text, complaint } = this.parse(this.box.value);
    this.complain(complaint ?? "");
    if (!complaint) this.edit(text);
  }

  revert() {
    delete this.item.refused;
    this.paint();
    this.adopt();
  }

  parse(typed) {
    const { label, longest } = this.item;
    const text = typed.trim();
    if (text && text.length <= longest) return { text };
    return { complaint: `${label} must have 1 to ${longest} characters; got ${text.length}.` };
  }

  complain(sentence) {
    if (this.error.textContent !== sentence) this.error.textContent = sentence;
    this.box.setAttribute("aria-invalid", String(Boolean(sentence)));
    this.box.setAttribute("aria-describedby", sentence ? this.error.id : "");
  }

  /** Show the value in force; or, to be mended, a text that Python could not read. */
  paint() {
    this.touched = false;
    const { refused } = this.item;
    this.complain(refused?.says ?? "");
    this.box.value = refused?.text ?? this.shown();
    this.fit();
  }

  shown() {
    return this.text;
  }

  fit() {}
}

/** A real or whole number: the slider stops at round values, the box holds the exact one. */
class NumberRow extends TextRow {
  constructor(panel, item) {
    super(panel, item);
    this.box.className = "box";
    this.head.append(this.box);
    this.range = make("input", { type: "range", min: 0, step: 1 });
    this.head.after(this.range);
    this.range.addEventListener("pointerdown", () => this.drag());
    this.range.addEventListener("input", () => this.slide(false));
    this.range.addEventListener("change", () => this.slide(true));
    this.box.addEventListener("keydown", (event) => {
      const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!direction) return;
      event.preventDefault();
      this.nudge(direction);
    });
  }

  describe() {
    super.describe();
    const { label, unit, low } = this.item;
    this.box.inputMode = low < 0 ? "text" : "decimal"; // a phone's decimal keyboard has no minus
    this.stops = stopsOf(this.item);
    this.range.disabled = this.stops.length < 2;
    this.range.max = Math.max(1, this.stops.length - 1);
    this.range.setAttribute("aria-label", unit ? `${label} (${unit})` : label);
  }

  busy() {
    return this.dragging || super.busy();
  }

  drag() {
    this.dragging = true;
    const release = () => {
      removeEventListener("pointerup", release, true);
      removeEventListener("pointercancel", release, true);
      this.dragging = false;
      setTimeout(() => this.adopt()); // after the `change` that a release may bring
    };
    addEventListener("pointerup", release, true);
    addEventListener("pointercancel", release, true);
  }

  slide(final) {
    this.edit(String(this.stops[this.range.valueAsNumber]), final);
  }

  /** Go to the next round value; whole numbers on a plain scale go by one. */
  nudge(direction) {
    const { kind, scale, low, high } = this.item;
    const typed = this.parse(this.box.value);
    const value = Number(typed.complaint ? this.text : typed.text);
    const next = direction > 0 ? this.stops.find((stop) => stop > value) : this.stops.findLast((stop) => stop < value);
    const goal = kind === "whole" && scale === "linear" ? Math.min(high, Math.max(low, value + direction)) : next;
    if (goal !== undefined) this.edit(String(goal));
  }

  parse(typed) {
    const { kind, label, low, high } = this.item;
    const text = typed.trim().replace(/^\u2212/, "-");
    const got = text.length > 40 ? `${text.slice(0, 40)}…` : text || "nothing";
    const value = Number(text);
    if (/^[+-]?\d*,\d+(e[+-]?\d+)?$/i.test(text)) return { complaint: `${label}: use a point, as in ${text.replace(",", ".")}.` };
    const spelled = text.length <= 60 && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    if (!spelled || (kind === "whole" && !Number.isInteger(value))) {
      const expected = kind === "whole" ? "a whole number such as 100" : "a number such as 0.1 or 3e-4";
      return { complaint: `${label} must be ${expected}; got ${got}.` };
    }
    // Written this way round, the comparison refuses NaN as well.
    if (!(low <= value && value <= high)) return { complaint: `${label} must be between ${plain(low)} and ${plain(high)}; got ${got}.` };
    return { text: String(value) };
  }

  shown() {
    return plain(Number(this.text));
  }

  paint() {
    super.paint();
    const place = nearest(this.stops, Number(this.text));
    // Set while held, the thumb could jump under the pointer.
    if (!this.dragging) this.range.value = place;
    this.range.style.setProperty("--filled", this.range.disabled ? 0 : place / (this.stops.length - 1));
    this.range.setAttribute("aria-valuetext", this.shown() + (this.item.unit ? ` ${this.item.unit}` : ""));
  }

  fit() {
    this.box.style.setProperty("--digits", this.box.value.length);
  }
}

const KINDS = { number: NumberRow, whole: NumberRow, choice: ChoiceRow, flag: FlagRow, text: TextRow };

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
