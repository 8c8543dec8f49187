"""What every page begins with: set-up of the page, links to the others that carry the scenario, complaints."""

import streamlit as st

from lr_explorer.figures.theme import PAGE
from lr_explorer.ui import state
from lr_explorer.ui.address import show_address
from lr_explorer.ui.cached import tuned_collector
from lr_explorer.ui.parts import is_dark
from lr_explorer.ui.text import literal

PAGES = {
    "app.py": "Playground",
    "pages/4_Claims.py": "Claims",
    "pages/2_Schedules.py": "Schedules",
    "pages/3_Compare.py": "Compare",
    "pages/5_Lesson.py": "Lesson",
    "pages/1_Reference.py": "Reference",
}

_SIDEBAR_WIDTH = 250  # pixels; the figure needs the rest of a small screen

_STYLE = """
<style>
.stMainBlockContainer { padding: 3.25rem 1.75rem 3rem; }
.st-key-head { row-gap: 0.25rem; }
/* A wide formula goes on in another line; what cannot be broken scrolls in its own box. */
.katex-display > .katex { white-space: normal; line-height: 1.8; }
.st-key-head a:focus-visible { outline: 2px solid var(--st-primary-color, currentColor); outline-offset: 2px; }
.st-key-brand p { font-size: 1.3rem; font-weight: 700; white-space: nowrap; }
[data-tag][data-tag] { background: rgba(128, 144, 160, 0.22); color: inherit; }
.st-key-presets button { padding: 0.1rem 0.6rem; min-height: 1.75rem; }
.st-key-arm-buttons button { padding: 0.15rem 0.6rem; min-height: 2rem; }
.st-key-presets button p { font-size: 0.8125rem; }
.st-key-bench { display: grid; grid-template: "watch tune" auto "tell tune" 1fr / minmax(0, 2.6fr) minmax(0, 1fr); gap: 1rem 1.5rem; }
.st-key-bench > :has(> .st-key-watch) { grid-area: watch; }
.st-key-bench > :has(> .st-key-tune) { grid-area: tune; }
.st-key-bench > :has(> .st-key-tell) { grid-area: tell; }
@media (max-width: 900px) { .st-key-bench { grid-template: "watch" auto "tune" auto "tell" auto / minmax(0, 1fr); } }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 4rem 0.75rem 3rem; }
  .st-key-presets [role="radiogroup"] { flex-wrap: nowrap; overflow-x: auto; padding-bottom: 0.4rem; }
  .st-key-presets [role="radiogroup"] > * { flex: none; }
}
</style>
"""


_DARK_LABELS = '<style>[data-testid="stBaseButton-primary"]:not(:disabled) {{ color: {colour}; }}</style>'


def open_page(title: str, *, has_sidebar: bool = False) -> None:
    """Begin a page: any page may be the first one that a session opens."""
    _begin(title, has_sidebar=has_sidebar)
    with st.container(key="head", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="brand", width="content"):
            st.markdown("LR Explorer")
        for page, label in PAGES.items():
            st.page_link(page, label=label, query_params=state.query())
        show_address(state.link())
    _notices()


def open_alone(title: str) -> None:
    """Begin a page that leads to no other."""
    _begin(title)
    _notices()


def _begin(title: str, *, has_sidebar: bool = False) -> None:
    st.set_page_config(
        page_title=f"{title} · LR Explorer" if title != "Playground" else "LR Explorer",
        page_icon="📉",
        layout="wide",
        initial_sidebar_state=_SIDEBAR_WIDTH if has_sidebar else "collapsed",
    )
    tuned_collector()
    state.scenario()
    # A primary button has Streamlit's white label, which the dark theme's light blue does not carry.
    st.html(_STYLE + (_DARK_LABELS.format(colour=PAGE.on(dark=True)) if is_dark() else ""))


def _notices() -> None:
    # Always there, so that what stands below keeps its place: the player would be mounted anew by an element that comes or goes above it.
    with st.container(key="notices"):
        _complaints()


def _complaints() -> None:
    """Tell what of the link or of the last change was not used."""
    if refusal := state.take_refusal():
        st.warning(literal(refusal), icon=":material/warning:")
    if complaints := st.session_state.get("complaints"):
        with st.container(border=True, key="complaints"):
            st.warning("Some of this link could not be used; everything else was kept.", icon=":material/warning:")
            st.text("\n".join(f"• {complaint}" for complaint in complaints))
            st.button("Dismiss", key="dismiss", on_click=lambda: st.session_state.update(complaints=()))
