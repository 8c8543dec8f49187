// A link to hand out: its text, a button that copies it, and its QR code, which can fill the screen.

import { copy } from "./address.js";

/** Show `data` ({link, code: an SVG, or nothing}). */
export function show({ data, parentElement }) {
  const sheet = parentElement.querySelector(".share");
  if (!sheet) return;
  const [field, button, code, large] = ["input", ".copy", ".code", ".large"].map((part) => sheet.querySelector(part));
  field.value = data.link;
  field.onfocus = () => field.select();
  button.onclick = () => copy(button, "Copy the lesson's link", data.link, "Copy it from the field");
  code.hidden = !data.code;
  code.innerHTML = data.code;
  // A phone's browser may be unable to; nobody projects from one.
  large.hidden = !data.code || !document.fullscreenEnabled;
  large.onclick = () => code.requestFullscreen();
  code.onclick = () => document.fullscreenElement && document.exitFullscreen();
}
