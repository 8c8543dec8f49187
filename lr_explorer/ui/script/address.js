// The address bar holds the scenario; a button copies it.

/** Put the query that Python hands over into the address, without a new entry for the Back button, and show the copy button. */
export function show({ data, parentElement }) {
  const address = new URL(window.location.href);
  address.search = data.query;
  if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address);
  if (parentElement.querySelector("button")) return;

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = data.label;
  button.addEventListener("click", () => copy(button, data.label, window.location.href, "Copy the address bar"));
  parentElement.append(button);
}

/** Copy `text` and say so on the button for a while; `otherwise`: what it says where the browser does not allow it. */
export async function copy(button, label, text, otherwise) {
  button.textContent = (await written(text)) ? "Link copied" : otherwise;
  setTimeout(() => (button.textContent = label), 2000);
}

/** Write to the clipboard, which browsers allow on secure pages only; elsewhere by way of a selected field. */
async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
