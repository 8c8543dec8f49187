// The player: shows a run that Python computed and plays it by the clock. It knows no optimizer; it draws the numbers it is sent.
//
// Streamlit calls `show` on every change of data or theme with the same element, and `carry` likewise for the surface. What must outlive
// such a call – cursor, playback, zoom, camera, a finger on the handle – is kept in the Player that belongs to the element.

import { AnatomyLegend, Bar, ValueTable } from "./controls.js";
import { CurvesView } from "./curves.js";
import { element } from "./format.js";
import { MapView } from "./map.js";
import { ReliefView } from "./relief.js";
import { photograph } from "./photograph.js";
import { openRun, surfaces } from "./wire.js";

const WHOLE_RUN_MS = 6000;
// With reduced motion, playback is a slide show.
const SLIDE_MS = 250;
// Values that change faster than this cannot be read, and cost layout.
const TABLE_MS = 80;
// A run that stood this long was looked at; a shorter one was a stage of a drag.
const STOOD_MS = 1200;
// An answer that takes longer is not waited for.
const ANSWER_MS = 1500;
const WIDE = 620;
// A map without curves beside it does not grow beyond this.
const MOST_ALONE = 760;

const players = new WeakMap();
// What a visit to another page shall not undo.
const remembered = { speed: 1, wantsGhost: true, run: null, position: 0 };
let library;

/** Entry of the carrier: put its surface where players find it. */
export function carry({ data }) {
  if (data?.length) surfaces.put(data);
}

/** Entry of the player. The function returned ends it, but only if the element is gone: Streamlit also calls it for superseded calls. */
export async function show(component, urls) {
  const host = component.parentElement;
  library ??= load(urls);
  const Plotly = await library;
  let player = players.get(host);
  if (!player) {
    player = new Player(host, Plotly);
    players.set(host, player);
  }
  player.receive(component);
  return () =>
    setTimeout(() => {
      if (host.isConnected) return;
      player.destroy();
      players.delete(host);
    });
}

/** Load Plotly and our styles, once a page. */
async function load({ plotly, styles }) {
  const arrival = (tag, attributes) =>
    new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`The player could not load ${attributes.src ?? attributes.href}`));
      document.head.append(element(tag, { ...attributes, onload: resolve, onerror: fail }));
    });
  const style = arrival("link", { rel: "stylesheet", href: styles });
  // Streamlit's own copy, once some chart has loaded it, does as well.
  await Promise.all([style, window.Plotly?.react ? null : arrival("script", { src: plotly })]);
  return window.Plotly;
}

class Player {
  constructor(host, Plotly) {
    this.Plotly = Plotly;
    this.step = 0;
    this.position = 0;
    this.speed = remembered.speed;
    this.isPlaying = false;
    this.view = "2d";
    this.wantsGhost = remembered.wantsGhost;
    this.resets = 0;
    this.painted = 0;
    this.isCalm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.edit = { inFlight: false, next: null };
    this.#build(host);
    this.stopListening = surfaces.listen(() => this.waiting && this.#accept(this.waiting));
    this.observer = new ResizeObserver(() => this.#onResize());
    this.observer.observe(this.root);
  }

  #build(host) {
    for (const old of host.querySelectorAll(".lrx, .lrx-waiting")) old.remove();
    this.bar = new Bar({
      toggle: () => this.toggle(),
      seek: (step) => this.seek(step),
      move: (by) => this.seek(this.step + by),
      speed: (speed) => (this.speed = speed),
      view: (view) => this.setView(view, true),
      ghost: () => this.#toggleGhost(),
      drop: () => this.#dropRate(),
      branch: () => this.trigger("branch", this.step),
    });
    this.table = new ValueTable();
    this.legend = new AnatomyLegend();
    const mapHost = element("div", { class: "lrx-panel lrx-map" });
    const reliefHost = element("div", { class: "lrx-panel lrx-relief", hidden: "" });
    const curvesHost = element("div", { class: "lrx-panel lrx-curves" });
    this.hosts = { map: mapHost, relief: reliefHost, curves: curvesHost };
    const parts = [mapHost, reliefHost, this.bar.root, curvesHost, this.table.root, this.legend.root];
    this.root = element("div", { class: "lrx", tabindex: "0", role: "group", onkeydown: (event) => this.#onKey(event) }, ...parts);
    this.root.lrx = { heads: () => this.heads(), step: () => this.step, run: () => this.run, surface: () => this.surface };
    host.append(this.root);
    this.map = new MapView(mapHost, this.Plotly, (x, y, isFinal) => this.#editStart(x, y, isFinal));
    this.curves = new CurvesView(curvesHost, this.Plotly, {
      onSeek: (step) => this.seek(step),
      onScale: () => this.#drawCurves(),
      onDrop: (step, isFinal) => this.#editDrop(step, isFinal),
    });
    this.map.onMoved = () => this.#soon("map");
    this.map.onUnfinished = () => this.#soon("trails");
    this.curves.onMoved = () => this.#soon("curves");
  }

  // Data in --------------------------------------------------------------------------------------------------------------------

  /** Take what Streamlit hands over: new data, another theme, or the same once more. */
  receive({ data, setTriggerValue }) {
    this.received = performance.now();
    this.trigger = setTriggerValue;
    const theme = readTheme(this.root);
    const isNewTheme = JSON.stringify(theme) !== JSON.stringify(this.theme);
    this.theme = theme;
    this.root.style.setProperty("--lrx-on-primary", theme.onPrimary);
    if (data?.length) this.#accept(openRun(data));
    if (isNewTheme && this.surface) this.#drawAll();
    this.#answered();
  }

  #accept(run) {
    const surface = surfaces.get(run.surface);
    this.waiting = surface ? null : run;
    if (!surface) return;
    const isNewSurface = surface !== this.surface;
    const isNewShape = String(run.hidden) !== String(this.run?.hidden);
    if (run.id === this.run?.id && !isNewSurface && !isNewShape && run.view === this.run.view && run.anatomy === this.run.anatomy) {
      this.run.selected = run.selected;
      this.curves.placeHandle();
      this.#paint(true);
      return;
    }
    this.#keepGhost(run, isNewSurface);
    this.#carryCursor(run);
    const askedView = run.view !== this.run?.view ? run.view : this.view;
    this.run = run;
    this.surface = surface;
    this.#describe();
    if (isNewShape) this.#arrange();
    if (isNewSurface || isNewShape) this.#drawAll();
    else this.#showRun();
    this.setView(askedView, false);
    this.root.dataset.run = run.id;
    // A timer set in a frame fires once that frame is on the screen.
    requestAnimationFrame(() => setTimeout(() => this.#notePaint()));
  }

  /** Tell tests and benchmarks that a new run is on the screen, and how long after its arrival. */
  #notePaint() {
    this.root.dataset.repaint = (performance.now() - this.received).toFixed(1);
    this.root.dataset.painted = String(++this.painted);
  }

  /** The run before the last change stays as a ghost. While a slider is dragged, that is the run before the drag. Other arms are no ghosts. */
  #keepGhost(run, isNewSurface) {
    const now = performance.now();
    const isSameCast = run.arms.map((arm) => arm.name).join("\n") === this.run?.arms.map((arm) => arm.name).join("\n");
    if (isNewSurface || !isSameCast) this.ghost = null;
    else if (run.id !== this.run.id && now - this.since > STOOD_MS) this.ghost = this.run;
    if (isNewSurface || run.id !== this.run.id) this.since = now;
  }

  /** Another number of steps: the cursor keeps its share of the run. At first it stands at the end, the whole path in view. */
  #carryCursor(run) {
    const isCovered = (one) => one?.hidden.includes("paths");
    if (isCovered(run)) this.position = 0;
    // Uncovered, a run waits at its start for whoever can play it.
    else if (isCovered(this.run)) this.position = run.hidden.includes("bar") ? run.steps : 0;
    else if (!this.run) this.position = remembered.run === run.id ? remembered.position : run.steps;
    else if (run.steps !== this.run.steps) this.position *= run.steps / this.run.steps;
    this.step = Math.min(Math.floor(this.position + 1e-6), run.steps);
  }

  /** Show and hide what the page asks for: a lesson leaves parts out. */
  #arrange() {
    const parts = ["bar", "curves", "table", "paths", "start", "drop", "branch"];
    const [bar, curves, table, paths, start, drop, branch] = parts.map((part) => this.run.hidden.includes(part));
    this.bar.root.hidden = bar;
    this.bar.drop.hidden = this.curves.isFixed = drop;
    this.bar.branch.hidden = branch;
    this.hosts.curves.hidden = curves;
    this.table.root.hidden = table;
    this.root.classList.toggle("lrx-alone", curves);
    this.map.isCovered = paths;
    this.map.isFixed = start;
    if (bar && this.isPlaying) this.#stop();
  }

  #describe() {
    this.root.setAttribute("aria-label", this.run.summary || "Paths on the loss surface, learning rate and loss");
    this.map.plot.setAttribute("aria-label", `Contour map of ${this.surface.label}`);
  }

  // Drawing --------------------------------------------------------------------------------------------------------------------

  #onResize() {
    // A sidebar that slides open resizes the figure at every frame; one drawing a frame is enough.
    cancelAnimationFrame(this.resizing);
    this.resizing = requestAnimationFrame(() => {
      const width = this.root.clientWidth;
      if (width && width !== this.width && this.surface) this.#drawAll();
    });
  }

  /** Draw everything: another surface, theme or size. */
  #drawAll() {
    this.width = this.root.clientWidth;
    this.root.classList.toggle("lrx-narrow", this.width < WIDE);
    // Plotly starts afresh, and forgets the zoom, when a button is another object than before.
    this.modebar ??= this.#modebar();
    const sizes = measure(this.width, this.theme, this.modebar, this.hosts.curves.hidden);
    this.sizes = sizes;
    for (const [name, host] of Object.entries(this.hosts)) host.style.height = `${(name === "curves" ? sizes.curves : sizes.map).height}px`;
    this.map.draw(this.surface, this.theme, sizes.map, this.resets);
    this.#showRun();
  }

  /** Draw what depends on the run alone. */
  #showRun() {
    this.map.setRun(this.run, this.#ghostShown());
    this.table.setRun(this.run, this.theme);
    this.legend.setRun(this.run, this.theme);
    this.#drawCurves();
    if (this.view === "3d") this.#drawRelief();
    this.#paint(true);
  }

  #drawCurves() {
    this.curves.draw(this.run, this.#ghostShown(), this.theme, this.sizes.curves, this.resets);
    this.curves.paint(this.step);
  }

  #drawRelief() {
    this.relief ??= new ReliefView(this.hosts.relief, this.Plotly);
    this.relief.draw(this.surface, this.run, this.theme, this.sizes.relief, this.step, this.resets);
  }

  /** Follow a zoom or pan, or draw more of the trails: once a frame, however often it is asked for. */
  #soon(name) {
    this.moved ??= new Set();
    if (this.moved.size === 0) requestAnimationFrame(() => this.#follow());
    this.moved.add(name);
  }

  #follow() {
    const moved = this.moved;
    this.moved = new Set();
    if (!this.run) return;
    // Plotly also reports the drawings that we asked for; then nothing has moved.
    if (moved.has("map") && this.map.readAxes()) {
      this.map.setRun(this.run, this.#ghostShown());
      this.map.paint(this.step);
    } else if (moved.has("trails")) this.map.paint(this.step);
    if (moved.has("curves") && this.curves.readAxes()) {
      this.curves.project();
      this.curves.paint(this.step);
    }
  }

  #ghostShown() {
    return this.wantsGhost ? this.ghost ?? null : null;
  }

  #toggleGhost() {
    this.wantsGhost = !this.wantsGhost;
    if (!this.wantsGhost) this.ghost = null;
    this.#showRun();
  }

  /** Paint the cursor's step. Text is written less often than pixels while playing. */
  #paint(isLast) {
    if (this.view === "2d") this.map.paint(this.step);
    else this.relief?.paint(this.step, isLast);
    this.curves.paint(this.step);
    const { step, isPlaying, view } = this;
    this.root.dataset.step = String(step);
    this.root.dataset.playing = String(isPlaying);
    this.root.dataset.view = view;
    const now = performance.now();
    if (!isLast && now - this.lastText < TABLE_MS) return;
    this.lastText = now;
    const arm = this.run.arms[this.run.selected];
    this.bar.update({ step, steps: this.run.steps, isPlaying, view, hasGhost: this.wantsGhost, speed: this.speed, dropped: { at: arm.drop_at, name: arm.name } });
    this.table.update(step);
    this.legend.update(step);
  }

  heads() {
    return this.run.arms.map((arm) => this.map.headOf(arm, this.step));
  }

  // The clock ------------------------------------------------------------------------------------------------------------------

  toggle() {
    if (this.isPlaying) return this.#stop();
    if (this.step >= this.run.steps) this.position = this.step = 0;
    this.isPlaying = true;
    this.lastTick = performance.now();
    this.#paint(true);
    this.frame = requestAnimationFrame((now) => this.#tick(now));
    return undefined;
  }

  #stop() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.#paint(true);
  }

  /** Advance by the time that has passed: a slow browser skips steps, it does not play slower. */
  #tick(now) {
    this.frame = requestAnimationFrame((next) => this.#tick(next));
    const passed = now - this.lastTick;
    if (passed < (this.isCalm.matches ? SLIDE_MS : 0)) return;
    this.lastTick = Math.max(now, this.lastTick);
    this.position = Math.min(this.run.steps, this.position + (Math.max(passed, 0) * this.speed * this.run.steps) / WHOLE_RUN_MS);
    const step = Math.floor(this.position);
    if (step >= this.run.steps) {
      this.step = this.run.steps;
      this.#stop();
    } else if (step !== this.step) {
      this.step = step;
      this.#paint(false);
    }
  }

  seek(step) {
    this.step = this.position = Math.min(Math.max(step, 0), this.run.steps);
    this.#paint(true);
  }

  #onKey(event) {
    // Only the figure itself: buttons and the handle have their own keys.
    if (event.target !== this.root || this.bar.root.hidden) return;
    const act = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.seek(this.step - 1),
      ArrowRight: () => this.seek(this.step + 1),
      Home: () => this.seek(0),
      End: () => this.seek(this.run.steps),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  // What the user changes ------------------------------------------------------------------------------------------------------

  setView(view, isByHand) {
    if (view === this.view && !isByHand) return;
    const isNew = view !== this.view;
    this.view = view;
    this.hosts.map.hidden = view === "3d";
    this.hosts.relief.hidden = view !== "3d";
    if (view === "3d") this.#drawRelief();
    this.#paint(true);
    if (isByHand && isNew) this.trigger("view", view);
  }

  /** Send a new start. Never more than one request at a time: a second one would cut the first one's run short, and none would finish. */
  #editStart(x, y, isFinal) {
    const { sent, inFlight } = this.edit;
    const { start } = this.run;
    const isThere = inFlight ? sent["start.x"] === x && sent["start.y"] === y : start.x === Number(x) && start.y === Number(y);
    // What is already so would bring no new data, and no answer.
    this.edit.next = isThere ? null : { "start.x": x, "start.y": y };
    if (isFinal || !inFlight) this.#send();
  }

  /** Let the selected arm's rate drop at the cursor; pressed where it drops already, take the drop back. */
  #dropRate() {
    const { selected, arms, steps } = this.run;
    this.#editDrop(arms[selected].drop_at === this.step ? steps : this.step, true);
  }

  /** Let the selected arm's rate drop at `step`; at the end of the run that is never. */
  #editDrop(step, isFinal) {
    const { selected, arms, steps } = this.run;
    const [key, at] = [`arm${selected + 1}.drop_at`, step < steps ? step : 0];
    const { sent, inFlight } = this.edit;
    const isThere = inFlight ? sent[key] === String(at) : arms[selected].drop_at === at;
    // What is already so would bring no new data, and no answer.
    this.edit.next = isThere ? null : { [key]: String(at) };
    if (isFinal || !inFlight) this.#send();
  }

  #send() {
    if (this.edit.inFlight || !this.edit.next) return;
    const change = this.edit.next;
    Object.assign(this.edit, { inFlight: true, next: null, sent: change });
    this.edit.timer = setTimeout(() => this.#answered(), ANSWER_MS);
    this.trigger("edit", change);
  }

  /** An answer came, or is no longer expected: send what gathered meanwhile, else let the data place the handle again. */
  #answered() {
    if (!this.edit.inFlight) return;
    clearTimeout(this.edit.timer);
    this.edit.inFlight = false;
    if (this.edit.next) this.#send();
    else if (!this.map.isDragging) this.map.releaseStart();
  }

  /** Show the whole surface again; the view in 3-D returns as well. */
  reset() {
    this.resets += 1;
    this.#drawAll();
  }

  #modebar() {
    const { Icons } = this.Plotly;
    const reset = { name: "lrx-reset", title: "Reset the view", icon: Icons.home, click: () => this.reset() };
    const save = { name: "lrx-save", title: "Save as a picture", icon: Icons.camera, click: () => this.#save() };
    return { map: [["zoom2d", "pan2d", reset, save]], relief: [["tableRotation", "zoom3d", "pan3d", reset, save]] };
  }

  async #save() {
    const panels = [this.view === "3d" ? this.hosts.relief : this.hosts.map, this.hosts.curves].filter((panel) => !panel.hidden);
    const sheet = await photograph(this.Plotly, panels, [...this.table.root.querySelectorAll("tbody th")], this.theme);
    element("a", { href: sheet.toDataURL("image/png"), download: "lr-explorer.png" }).click();
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.resizing);
    clearTimeout(this.edit.timer);
    this.observer.disconnect();
    this.stopListening();
    for (const view of [this.map, this.curves, this.relief]) view?.destroy();
  }
}

/** Read the page's theme from the CSS variables that Streamlit sets; they are right on the first run already. */
function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback;
  const page = read("background-color", "#FBFCFD");
  const dark = brightness(page) < 0.5;
  return {
    dark,
    side: dark ? "dark" : "light",
    page,
    onPrimary: brightness(read("primary-color", "#0B6E8F")) < 0.5 ? "#FFFFFF" : "#0B1016",
    ink: read("text-color", dark ? "#E6EDF3" : "#16202B"),
    quiet: dark ? "#AAB7C4" : "#4A5867",
    line: read("border-color", dark ? "#384757" : "#C5CFD9"),
    grid: dark ? "rgba(170,190,210,0.14)" : "rgba(60,80,100,0.12)",
    casing: dark ? "#0B1016" : "#FFFFFF",
    hairline: dark ? "rgba(255,255,255,0.34)" : "rgba(20,32,43,0.38)",
    font: read("font", "sans-serif"),
  };
}

/** Return how bright a CSS colour is, from 0 to 1. */
function brightness(colour) {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}

/** Return sizes and Plotly settings of the panels in a figure of this width. Heights follow from it alone, so that no data moves the page. */
function measure(width, theme, modebar, isAlone) {
  const isNarrow = width < WIDE;
  const gap = isNarrow ? 0 : 12;
  const mapWidth = isNarrow ? width : isAlone ? Math.min(width, MOST_ALONE) : Math.round(0.56 * (width - gap));
  const mapHeight = isNarrow ? Math.min(width, 440) : Math.min(Math.max(Math.round(0.88 * mapWidth), 380), 620);
  const panel = (panelWidth, height, name, right) => ({
    width: panelWidth, height, isNarrow, top: 30, right,
    config: {
      displaylogo: false, displayModeBar: !isNarrow && name in modebar ? "hover" : false, modeBarButtons: modebar[name],
      doubleClick: false, scrollZoom: name === "relief", showTips: false,
    },
    plotly: {
      width: panelWidth, height, dragmode: isNarrow ? false : "zoom", paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, size: 12, color: theme.ink },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.quiet, activecolor: theme.ink },
    },
  });
  const map = panel(mapWidth, mapHeight, "map", 52);
  return {
    map,
    relief: panel(mapWidth, mapHeight, "relief", 44),
    curves: panel(isNarrow ? width : width - gap - mapWidth, isNarrow ? 360 : mapHeight, "curves", 14),
  };
}
