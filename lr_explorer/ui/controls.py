"""Parameters as sliders with exact typing.

Streamlit's slider answers only when released, shows 1e-5 as 0.00 and has no logarithmic scale. This component sends while it is
dragged, one request in flight, and holds every value as the text that a link carries, so nothing is rounded on the way.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import streamlit as st

from lr_explorer.params import Choice, Flag, Number, Param
from lr_explorer.ui.assets import publish

Control = dict[str, Any]

# A component's own script travels with every message, so it only imports the published one.
_BOOTSTRAP = """
const at = (path) => new URL(path, document.baseURI).href;
export default async (component) => (await import(at("{folder}/sliders.js"))).show(component, {{ styles: at("{folder}/sliders.css") }});
"""


def control(
    link_key: str,
    param: Param,
    value: Any,
    *,
    slider: tuple[float, float] | None = None,
    label: str | None = None,
    refused: str | None = None,
) -> Control:
    """Describe one row for `show_controls`: the parameter behind `link_key` and its present value.

    slider: the part of the range the slider covers, if not the parameter's own, such as a warm-up of at most `steps`.
    label: shown in place of the parameter's own label, where a page has several alike. refused: what was typed in vain and stays to be mended.
    """
    row: Control = {"key": link_key, "label": label or param.label, "help": param.help, "text": param.format(value)}  # type: ignore[arg-type]
    if isinstance(param, Number):
        low, high = slider or param.slider_range
        row |= {"kind": "whole" if param.whole else "number", "scale": param.scale, "low": param.low, "high": param.high}
        row |= {"slider": [max(low, param.low), min(high, param.high)]}
        if param.unit:
            row["unit"] = param.unit
    elif isinstance(param, Choice):
        row |= {"kind": "choice", "options": [[name, text] for name, text in param.options.items()]}
    elif isinstance(param, Flag):
        row["kind"] = "flag"
    else:
        row |= {"kind": "text", "longest": param.longest}
    if refused is not None and (why := _refusal(param, refused, row["label"])):
        row["refused"] = {"text": refused, "says": why}
    return row


def _refusal(param: Param, text: str, label: str) -> str:
    """Return why a text is no value of the parameter; empty if it is one."""
    try:
        param.parse(text, label)
    except ValueError as reason:
        return f"{reason}."
    return ""


def show_controls(items: Sequence[Control], on_edit: Callable[[dict[str, str]], None], key: str) -> None:
    """Show `items`, made by `control`, as rows in their order.

    on_edit: called before the next script run with link keys and texts, {"arm1.schedule.peak": "0.03"}, only of keys that were shown.
    The browser has checked syntax and range; Python must parse all the same. key: one group of controls a key; rows keep their
    focus under it while values, descriptions and even the set of rows change.
    """
    turn_key = f"{key}.turn"
    shown = {item["key"] for item in items}

    def receive() -> None:
        turn, values = _edit(st.session_state.get(key))
        # Sent back with the next values, it tells the browser which of its edits they already contain.
        st.session_state[turn_key] = turn
        edits = {name: text for name, text in values.items() if name in shown and isinstance(text, str)}
        if edits:
            on_edit(edits)

    # A tuple: a list makes Streamlit import pandas to see whether it is a table, half a second before the first picture.
    data = {"turn": st.session_state.get(turn_key, 0), "items": tuple(items)}
    _component()(key=key, data=data, height="content", on_edit_change=receive)


def _edit(state: object) -> tuple[int, Mapping[str, Any]]:
    """Return the turn and the values of what the browser sent; nothing of it if it has not our script's form."""
    edit = state.get("edit") if isinstance(state, Mapping) else None
    if not isinstance(edit, Mapping) or not isinstance(edit.get("turn"), int) or not isinstance(edit.get("values"), Mapping):
        return 0, {}
    return edit["turn"], edit["values"]


@cache
def _component() -> Any:
    """Register the component; Streamlit carries the registration to every later runtime by itself."""
    return st.components.v2.component("lrx-controls", js=_BOOTSTRAP.format(folder=publish().folder))
