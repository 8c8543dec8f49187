"""What several pages show alike: which arm is meant, and a part of the scenario with its kinds and parameters."""

from contextlib import nullcontext

import streamlit as st

from lr_explorer.params import Described, Part
from lr_explorer.ui import state
from lr_explorer.ui.controls import Control, control, show_controls
from lr_explorer.ui.text import literal


def is_dark() -> bool:
    """Return whether the page is dark."""
    return st.context.theme.type == "dark"


def arm_pills(label: str) -> None:
    """Let the arm be chosen that a page's controls change; it is the same arm on every page."""
    # Pills read markdown, and a name is what its author typed.
    labels = [literal(text) for text in state.arm_labels()]
    st.session_state["arm"] = state.selected_arm()
    st.pills(
        label,
        range(len(labels)),
        format_func=labels.__getitem__,
        key="arm",
        on_change=lambda: state.select_arm(st.session_state["arm"]),
        required=True,
        wrap=True,
    )


def rows(key: str, thing: Described, **sliders: tuple[float, float]) -> list[Control]:
    """Return a row of controls for each parameter that does something as the thing is set up.

    sliders: the part of a parameter's range that its slider covers, where it is not the parameter's own.
    """
    return [
        control(f"{key}.{name}", param, getattr(thing, name), slider=sliders.get(name))
        for name, param in thing.params().items()
        if not (needs := getattr(param, "needs", "")) or getattr(thing, needs)
    ]


def kind_menu(key: str, described: Part, thing: Described, widget: str | None = None) -> None:
    """Show a menu of the kinds that link key `key` can name."""
    widget = widget or key
    st.session_state[widget] = type(thing).name
    st.selectbox(
        described.label,
        list(described.registry),
        format_func=lambda name: described.registry[name].label,
        key=widget,
        on_change=lambda: state.edit({key: st.session_state[widget]}),
        help=described.help,
    )


def show_part(key: str, described: Part, thing: Described, widget: str, *, is_below: bool = False, **sliders: tuple[float, float]) -> None:
    """Show a part of the scenario: the menu of its kinds, its parameters, and its own parts below them, their parameters folded away."""
    kind_menu(key, described, thing, widget)
    if controls := rows(key, thing, **sliders):
        with st.expander(f"{described.label}: parameters", key=f"{widget}-box") if is_below else nullcontext():
            show_controls(controls, state.edit, key=f"{widget}-controls")
    for name, below in thing.parts().items():
        show_part(f"{key}.{name}", below, getattr(thing, name), f"{widget}-{name}", is_below=True, **sliders)
