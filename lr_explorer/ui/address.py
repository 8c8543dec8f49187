"""The address bar and the button that copies it; a link to hand out, with its QR code."""

from functools import cache
from typing import Any

import streamlit as st

from lr_explorer.ui.assets import publish

_BOOTSTRAP = """
const at = (path) => new URL(path, document.baseURI).href;
export default async (component) => (await import(at("{folder}/{script}.js"))).show(component);
"""

_STYLE = """
button {
  font: inherit; font-size: 0.875rem; padding: 0.3rem 0.75rem; cursor: pointer; white-space: nowrap;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""

_SHARE = """
<div class="share">
  <input type="text" readonly aria-label="The lesson's link" />
  <div class="buttons">
    <button type="button" class="copy">Copy the lesson's link</button>
    <button type="button" class="large">QR code, full screen</button>
  </div>
  <div class="code" role="img" aria-label="QR code of the lesson's link"></div>
</div>
"""

# Scanners want dark modules on a light ground, on a dark page too.
_SHARE_STYLE = """
.share { display: grid; gap: 0.6rem; }
.share [hidden] { display: none; }
input {
  font: inherit; font-size: 0.875rem; padding: 0.4rem 0.6rem; width: 100%; box-sizing: border-box; text-overflow: ellipsis;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.code { overflow: hidden; background: #fff; border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); }
.code svg { display: block; width: 100%; height: auto; }
.code:fullscreen { display: grid; place-items: center; border: 0; border-radius: 0; }
.code:fullscreen svg { width: min(100vw, 100vh); height: min(100vw, 100vh); }
"""


def show_address(query: str, key: str = "address") -> None:
    """Keep `query` in the address bar – without entries for the Back button – and show the button that copies the link."""
    _component("address", _STYLE)(key=key, data={"query": query, "label": "Copy link"}, width="content", height="content")


def show_share(link: str, code: str, key: str = "share") -> None:
    """Show an absolute link to hand out, and its QR code – an SVG, empty for none."""
    _component("share", _STYLE + _SHARE_STYLE, _SHARE)(key=key, data={"link": link, "code": code}, height="content")


@cache
def _component(script: str, style: str, html: str | None = None) -> Any:
    return st.components.v2.component(f"lrx-{script}", html=html, css=style, js=_BOOTSTRAP.format(folder=publish().folder, script=script))
