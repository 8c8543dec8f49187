// Numbers and elements as text and DOM.

/** Four significant digits: plain where that is short, else with an exponent. */
export function show(value) {
  if (Number.isNaN(value) || value === undefined) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const plain = size === 0 ? "0" : size >= 1e-3 && size < 1e5 ? size.toPrecision(size >= 1e4 ? 5 : 4) : size.toExponential(3);
  return (value < 0 ? "−" : "") + plain.replace("e-", "e−").replace("e+", "e");
}

/** Return `value` rounded to four significant digits of `size`, as a link spells it. */
export function spell(value, size) {
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)));
  return String(Number(value.toFixed(decimals)));
}

/** Make an element. `on…` attributes are listeners, others are attributes; children are elements or text, never markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Make an icon from one SVG path on a 24 × 24 grid. */
export function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: "lrx-icon" })) svg.setAttribute(name, value);
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** Write `text` only where it changes: an untouched element costs no layout. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Return the rate that update `step` used; no update follows the last point, which shows the last rate there was. */
export function rateAt(arm, step) {
  return arm.lr[Math.min(step, arm.lr.length - 1)];
}
