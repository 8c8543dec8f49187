// A picture of the figure as it stands: Plotly's part, what is painted over it, titles and a legend.

import { element } from "./format.js";

const SHARPNESS = 2;
const LINE = 22;

/** Return a canvas with `panels` where they stand on the page and a line for each of the legend's `rows` below. Plotly's own would leave the paths out. */
export async function photograph(Plotly, panels, rows, theme) {
  const frames = panels.map((panel) => panel.getBoundingClientRect());
  const left = Math.min(...frames.map((frame) => frame.left));
  const top = Math.min(...frames.map((frame) => frame.top));
  const right = Math.max(...frames.map((frame) => frame.right));
  const bottom = Math.max(...frames.map((frame) => frame.bottom));
  const sheet = element("canvas", { width: (right - left) * SHARPNESS, height: (bottom - top + LINE * (rows.length + 0.5)) * SHARPNESS });
  const pen = sheet.getContext("2d");
  pen.scale(SHARPNESS, SHARPNESS);
  pen.fillStyle = theme.page;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  for (const [i, frame] of frames.entries()) {
    pen.save();
    pen.translate(frame.left - left, frame.top - top);
    await drawPanel(pen, Plotly, panels[i], frame, theme);
    pen.restore();
  }
  pen.translate(8, bottom - top + LINE / 2);
  for (const row of rows) {
    pen.drawImage(row.querySelector("canvas"), 0, -8, 40, 16);
    writeText(pen, row.textContent, 50, 0, theme);
    pen.translate(0, LINE);
  }
  return sheet;
}

async function drawPanel(pen, Plotly, panel, frame, theme) {
  const { width, height } = frame;
  const image = new Image();
  image.src = await Plotly.toImage(panel.querySelector(".lrx-plot"), { format: "png", width, height, scale: SHARPNESS });
  await image.decode();
  pen.drawImage(image, 0, 0, width, height);
  for (const layer of panel.querySelectorAll("canvas.lrx-layer")) drawLayer(pen, layer);
  for (const title of panel.querySelectorAll(".lrx-title span")) {
    const place = title.getBoundingClientRect();
    writeText(pen, title.textContent, place.left - frame.left, place.top - frame.top + place.height / 2, theme);
  }
}

/** Draw a layer as far as it is uncovered. */
function drawLayer(pen, layer) {
  const { width, height } = layer.getBoundingClientRect();
  const share = 1 - parseFloat(layer.dataset.covered ?? 0) / width;
  if (share > 0) pen.drawImage(layer, 0, 0, layer.width * share, layer.height, 0, 0, width * share, height);
}

function writeText(pen, text, x, y, theme) {
  pen.fillStyle = theme.ink;
  pen.font = `13px ${theme.font}`;
  pen.textBaseline = "middle";
  pen.fillText(text, x, y);
}
