"""The live figure: mounts the player and hands on what the user does in it.

Two components share one script in the browser. The surface travels in one of its own, which shows nothing: Streamlit sends a message
that it has sent before as a hash, so the contour crosses the wire once while the runs on it come and go. A third, the herald, has the
browser fetch script and Plotly while the page is still computed.
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

_HERALD = """
export default ({ data }) => {
  for (const [rel, paths] of Object.entries({ modulepreload: data.modules, preload: data.scripts })) {
    for (const path of paths) {
      document.head.append(Object.assign(document.createElement("link"), { rel, as: "script", href: new URL(path, document.baseURI).href }));
    }
  }
};
"""

# Herald and carrier take no room in the page; the player reserves its own before its script has arrived.
_CARRIER_STYLE = ".st-key-{key} {{ display: none; }}"
_PLAYER_STYLE = ".lrx-waiting { min-height: 36rem; }"


def hasten_player() -> None:
    """Have the browser fetch what `show_player` will need; called first in a page, it saves the wait."""
    files = publish()
    _herald()(key="herald", data={"modules": files.modules, "scripts": (files.plotly,)}, height="content")


def show_player(
    surface: bytes,
    run: bytes,
    on_edit: Callable[[dict[str, str]], None] | None = None,
    on_view: Callable[[str], None] | None = None,
    on_branch: Callable[[int], None] | None = None,
    key: str = "player",
) -> None:
    """Show `run` (from `run_payload`) on `surface` (from `surface_payload`).

    on_edit: called before the next script run with link keys and texts, {"start.x": "-1.25", "start.y": "0.5"}, when the start is moved;
    None for a run that is fixed.
    on_view: called with "2d" or "3d" when the view is switched. on_branch: called with the step at which the run is to fork.
    key: one player a key; its zoom, cursor and playback live on under it.
    """
    carrier, player = _carrier(key), _player(key)
    carrier(key=f"{key}-surface", data=surface, height="content")
    player(
        key=key,
        data=run,
        height="content",
        on_edit_change=lambda: _hand_on(key, "edit", on_edit),
        on_view_change=lambda: _hand_on(key, "view", on_view),
        on_branch_change=lambda: _hand_on(key, "branch", on_branch),
    )


def _hand_on(key: str, event: str, receiver: Callable[[Any], None] | None) -> None:
    """Call `receiver` with what the browser sent, if it has the form that our script sends."""
    state = st.session_state.get(key)
    value = state.get(event) if isinstance(state, Mapping) else None
    if receiver is None or value is None:
        return
    if event == "edit" and isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
        receiver({str(name): text for name, text in value.items()})
    elif (event == "view" and value in ("2d", "3d")) or (event == "branch" and isinstance(value, int) and value > 0):
        receiver(value)


@cache
def _herald() -> Any:
    return st.components.v2.component("lrx-herald", css=_CARRIER_STYLE.format(key="herald"), js=_HERALD, isolate_styles=False)


@cache
def _carrier(key: str) -> Any:
    return st.components.v2.component(
        f"lrx-{key}-surface", css=_CARRIER_STYLE.format(key=f"{key}-surface"), js=_script("carry"), isolate_styles=False
    )


@cache
def _player(key: str) -> Any:
    html = '<div class="lrx-waiting"></div>'
    return st.components.v2.component(f"lrx-{key}", html=html, css=_PLAYER_STYLE, js=_script("show"), isolate_styles=False)


def _script(entry: str) -> str:
    return _BOOTSTRAP.format(entry=entry, **publish().__dict__)
