"""What every page begins with: set-up of the page, links to the others that carry the scenario, complaints."""

import streamlit as st

from lr_explorer.ui import state
from lr_explorer.ui.address import show_address
from lr_explorer.ui.cached import tuned_collector

PAGES = {"app.py": "Playground", "pages/1_Reference.py": "Reference"}

_SIDEBAR_WIDTH = 250  # pixels; the figure needs the rest of a small screen

_STYLE = """
<style>
.stMainBlockContainer { padding: 3.25rem 1.75rem 3rem; }
.st-key-head { row-gap: 0.25rem; }
.st-key-brand p { font-size: 1.3rem; font-weight: 700; white-space: nowrap; }
.st-key-presets button { padding: 0.1rem 0.6rem; min-height: 1.75rem; }
.st-key-arm-buttons button { padding: 0.15rem 0.6rem; min-height: 2rem; }
.st-key-presets button p { font-size: 0.8125rem; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 0.75rem; padding-right: 0.75rem; }
  .st-key-presets [role="radiogroup"], .st-key-presets [data-baseweb="button-group"] { flex-wrap: nowrap; overflow-x: auto; }
}
</style>
"""


def open_page(title: str, *, has_sidebar: bool = False) -> None:
    """Begin a page: any page may be the first one that a session opens."""
    st.set_page_config(
        page_title=f"{title} · LR Explorer" if title != "Playground" else "LR Explorer",
        page_icon="📉",
        layout="wide",
        initial_sidebar_state=_SIDEBAR_WIDTH if has_sidebar else "collapsed",
    )
    tuned_collector()
    state.scenario()
    st.html(_STYLE)
    with st.container(key="head", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="brand", width="content"):
            st.markdown("LR Explorer")
        for page, label in PAGES.items():
            st.page_link(page, label=label, query_params=state.query())
        show_address(state.link())
    _complaints()


def _complaints() -> None:
    """Tell what of the link or of the last change was not used."""
    if refusal := state.take_refusal():
        st.warning(_literal(refusal), icon=":material/warning:")
    if complaints := st.session_state.get("complaints"):
        with st.container(border=True, key="complaints"):
            st.warning("Some of this link could not be used; everything else was kept.", icon=":material/warning:")
            st.text("\n".join(f"• {complaint}" for complaint in complaints))
            st.button("Dismiss", on_click=lambda: st.session_state.update(complaints=()))


def _literal(text: str) -> str:
    """Return text that markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-.!|~$<>:" else letter for letter in text)
