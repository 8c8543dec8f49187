// The surface in three dimensions, built the first time it is asked for. Heights are the map's: log10 where losses span decades.

import { element } from "./format.js";
import { heightAt, lossAt } from "./wire.js";

// A line of more points looks the same and turns slower.
const MOST_POINTS = 600;
// WebGL redraws everything for a moved head; more often than this, playback would stutter.
const HEAD_PAUSE = 120;
// What is drawn on the surface stands above it by this share of its range, or the surface would hide half of it.
const LIFT = 0.015;
// Triangles are unknown in three dimensions.
const SYMBOLS = { "triangle-up": "diamond", diamond: "diamond-open", "triangle-down": "x" };

export class ReliefView {
  constructor(host, Plotly) {
    this.Plotly = Plotly;
    this.plot = element("div", { class: "lrx-plot" });
    host.append(this.plot);
    this.lastHeads = 0;
  }

  draw(surface, run, theme, size, step, resets) {
    Object.assign(this, { surface, run, theme });
    this.step = step;
    // Trace objects are rebuilt, the grid inside is not: Plotly compares arrays by identity and leaves it alone.
    if (this.gridOf !== surface) this.grid = grid(surface);
    this.gridOf = surface;
    this.Plotly.react(this.plot, [this.#surface(), ...run.arms.flatMap((arm, i) => [this.#line(arm), this.#head(i)]), ...this.#places()], this.#layout(size, resets), size.config);
  }

  #surface() {
    const { scale, bounds, shape, range, ticks } = this.surface;
    const [rows, columns] = shape;
    const colours = scale[this.theme.side];
    return {
      type: "surface", z: this.grid.heights, customdata: this.grid.losses,
      x: spread(bounds[0], columns), y: spread(bounds[1], rows),
      cmin: range[0], cmax: range[1],
      colorscale: colours.map((colour, i) => [i / (colours.length - 1), colour]),
      contours: { z: { show: true, start: range[0], end: range[1], size: (range[1] - range[0] || 1) / 14, width: 1, color: this.theme.dark ? "#5d7690" : "#8095a9" } },
      lighting: { ambient: 0.62, diffuse: 0.6, specular: 0.05, roughness: 0.9 },
      hovertemplate: "x %{x:.4g}<br>y %{y:.4g}<br>loss %{customdata:.4g}<extra></extra>",
      colorbar: { thickness: 8, len: 0.8, x: 1.0, outlinewidth: 0, tickvals: ticks.values, ticktext: ticks.text, tickfont: { size: 11, color: this.theme.quiet } },
    };
  }

  /** The path on the surface; where it leaves the box there is no height, and a gap. */
  #line(arm) {
    const stride = Math.max(1, Math.ceil(arm.x.length / MOST_POINTS));
    const points = { x: [], y: [], z: [] };
    for (let step = 0; step < arm.x.length; step += stride) this.#add(points, arm.x[step], arm.y[step]);
    const colour = arm.colour[this.theme.side];
    return { type: "scatter3d", mode: "lines", ...points, connectgaps: false, line: { color: colour, width: 5 }, hoverinfo: "skip", showlegend: false };
  }

  #head(i) {
    const arm = this.run.arms[i];
    const colour = arm.colour[this.theme.side];
    return {
      type: "scatter3d", mode: "markers", ...this.#headPoint(arm), hoverinfo: "skip", showlegend: false,
      marker: { size: 5.5, symbol: SYMBOLS[arm.marker] ?? arm.marker, color: colour, line: { color: this.theme.casing, width: 2 } },
    };
  }

  /** The marked minima and saddles, after the arms, whose places in the list of traces `paint` counts on. */
  #places() {
    const { minima, saddles } = this.surface;
    const kinds = [[saddles, "cross", 3], [minima.filter((place) => !place.global), "circle", 4], [minima.filter((place) => place.global), "diamond", 6]];
    return kinds.map(([places, symbol, size]) => {
      const points = { x: [], y: [], z: [] };
      for (const place of places) this.#add(points, place.x, place.y, 2 * LIFT);
      const text = places.map((place) => place.name);
      return { type: "scatter3d", mode: "markers", ...points, text, hovertemplate: "%{text}<extra></extra>", showlegend: false, marker: { size, symbol, color: this.theme.ink } };
    });
  }

  #headPoint(arm) {
    const last = arm.diverged_at > 0 ? Math.min(this.step, arm.diverged_at - 1) : this.step;
    const point = { x: [], y: [], z: [] };
    this.#add(point, arm.x[last], arm.y[last]);
    return point;
  }

  #add(points, x, y, share = LIFT) {
    const height = heightAt(this.surface, x, y);
    const lift = share * (this.surface.range[1] - this.surface.range[0]);
    points.x.push(Number.isFinite(height) ? x : null);
    points.y.push(Number.isFinite(height) ? y : null);
    points.z.push(Number.isFinite(height) ? height + lift : null);
  }

  #layout(size, resets) {
    const { theme, surface } = this;
    const axis = (title, range) => ({ title: { text: title }, range, color: theme.quiet, gridcolor: theme.line, showbackground: false, zeroline: false, nticks: 5 });
    return {
      ...size.plotly,
      margin: { l: 14, r: 44, t: size.top, b: 0, autoexpand: false },
      uirevision: `${surface.id} ${resets}`,
      scene: {
        aspectmode: "manual", aspectratio: { x: 1, y: 1, z: 0.62 },
        xaxis: axis("x", [...surface.bounds[0]]),
        yaxis: axis("y", [...surface.bounds[1]]),
        zaxis: { ...axis("loss", undefined), tickvals: surface.ticks.values, ticktext: surface.ticks.text },
        camera: { eye: { x: -1.15, y: -1.4, z: 1.55 }, center: { x: 0.02, y: 0, z: -0.14 } },
        dragmode: "turntable",
      },
      hovermode: "closest",
    };
  }

  /** Move the heads, no more often than WebGL can follow; `isLast` asks for the final place. */
  paint(step, isLast) {
    this.step = step;
    const now = performance.now();
    if (!isLast && now - this.lastHeads < HEAD_PAUSE) return;
    this.lastHeads = now;
    const points = this.run.arms.map((arm) => this.#headPoint(arm));
    const traces = this.run.arms.map((_, i) => 2 * i + 2);
    this.Plotly.restyle(this.plot, { x: points.map((p) => p.x), y: points.map((p) => p.y), z: points.map((p) => p.z) }, traces);
  }

  destroy() {
    this.Plotly.purge(this.plot);
  }
}

function grid(surface) {
  const [rows, columns] = surface.shape;
  const heights = Array.from({ length: rows }, (_, row) => surface.height.subarray(row * columns, (row + 1) * columns));
  return { heights, losses: heights.map((row) => Array.from(row, (height) => lossAt(surface, height))) };
}

function spread([first, last], count) {
  return Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));
}
