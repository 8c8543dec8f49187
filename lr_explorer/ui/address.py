"""The address bar and the button that copies it."""

from functools import cache
from typing import Any

import streamlit as st

from lr_explorer.ui.assets import publish

_BOOTSTRAP = """
const at = (path) => new URL(path, document.baseURI).href;
export default async (component) => (await import(at("{folder}/address.js"))).show(component);
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


def show_address(query: str, key: str = "address") -> None:
    """Keep `query` in the address bar – without entries for the Back button – and show the button that copies the link."""
    _component()(key=key, data={"query": query, "label": "Copy link"}, width="content", height="content")


@cache
def _component() -> Any:
    return st.components.v2.component("lrx-address", css=_STYLE, js=_BOOTSTRAP.format(folder=publish().folder))
