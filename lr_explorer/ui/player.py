"""The live figure: mounts the player and hands on what the user does in it.

Two components share one script in the browser. The surface travels in one of its own, which shows nothing: Streamlit sends a message
that it has sent before as a hash, so the contour crosses the wire once while the runs on it come and go.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from lr_explorer.ui.assets import publish

# The script is imported from the page's root, which stays right below a base path and on every page.
_BOOTSTRAP = """
const at = (path) => new URL(path, document.baseURI).href;
export default async (component) =>
  (await import(at("{script}"))).{entry}(component, {{ plotly: at("{plotly}"), styles: at("{styles}") }});
"""

# The carrier takes no room in the page; the player reserves its own before its script has arrived.
_CARRIER_STYLE = ".st-key-{key}-surface {{ display: none; }}"
_PLAYER_STYLE = ".lrx-waiting { min-height: 36rem; }"


def show_player(
    surface: bytes,
    run: bytes,
    on_edit: Callable[[dict[str, str]], None],
    on_view: Callable[[str], None] | None = None,
    key: str = "player",
) -> None:
    """Show `run` (from `run_payload`) on `surface` (from `surface_payload`).

    on_edit: called before the next script run with link keys and texts, {"start.x": "-1.25", "start.y": "0.5"}, when the start is moved.
    on_view: called with "2d" or "3d" when the view is switched. key: one player a key; its zoom, cursor and playback live on under it.
    """
    carrier, player = _components(key)
    carrier(key=f"{key}-surface", data=surface, height="content")
    player(
        key=key,
        data=run,
        height="content",
        on_edit_change=lambda: _hand_on(key, "edit", on_edit),
        on_view_change=lambda: _hand_on(key, "view", on_view),
    )


def _hand_on(key: str, event: str, receiver: Callable[[Any], None] | None) -> None:
    """Call `receiver` with what the browser sent, if it has the form that our script sends."""
    state = st.session_state.get(key)
    value = state.get(event) if isinstance(state, Mapping) else None
    if receiver is None or value is None:
        return
    if event == "edit" and isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
        receiver({str(name): text for name, text in value.items()})
    elif event == "view" and value in ("2d", "3d"):
        receiver(value)


@cache
def _components(key: str) -> tuple[Any, Any]:
    """Register both components; Streamlit carries the registration to every later runtime by itself."""
    names = publish().__dict__
    carrier = st.components.v2.component(
        f"lrx-{key}-surface",
        css=_CARRIER_STYLE.format(key=key),
        js=_BOOTSTRAP.format(entry="carry", **names),
        isolate_styles=False,
    )
    player = st.components.v2.component(
        f"lrx-{key}",
        html='<div class="lrx-waiting"></div>',
        css=_PLAYER_STYLE,
        js=_BOOTSTRAP.format(entry="show", **names),
        isolate_styles=False,
    )
    return carrier, player
