"""What several pages show alike: which arm is meant, and a part of the scenario with its kinds and parameters."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lr_explorer.params import Choice, Described, Part, Upload
from lr_explorer.ui import state
from lr_explorer.ui.controls import Control, control, show_controls
from lr_explorer.ui.text import literal
from lr_explorer.ui.uploads import show_upload

_LONG_MENU = 20  # from so many kinds on, a menu says each one's family too


def is_dark() -> bool:
    """Return whether the page is dark."""
    return st.context.theme.type == "dark"


def chart(figure: go.Figure, key: str, alt: str, on_pick: Callable[..., object] | None = None) -> None:
    """Show a quiet figure; alt: what is to be seen, for those who cannot.

    on_pick: called before the next script run with the numbers that a clicked point carries.
    """
    picks: Any = {}
    if on_pick:
        # With selections Streamlit has a drag move the picture, unless there is nowhere to move it.
        figure.update_xaxes(fixedrange=True).update_yaxes(fixedrange=True)
        picks = {"on_select": lambda: _hand_on(key, on_pick), "selection_mode": "points"}
    with st.container(key=f"pick-{key}") if on_pick else nullcontext():
        st.plotly_chart(figure, width="stretch", theme=None, key=key, config={"displayModeBar": False}, alt=alt, **picks)


def _hand_on(key: str, on_pick: Callable[..., object]) -> None:
    """Call `on_pick` with the numbers of the point that the browser says was clicked, if it carries any; a click beside all says none."""
    for point in st.session_state[key]["selection"]["points"][:1]:
        numbers = point.get("customdata")
        if isinstance(numbers, list | tuple) and numbers and all(isinstance(number, int) for number in numbers):
            on_pick(*numbers)


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
        help="An arm is one contender: an optimizer with a schedule. All arms start at the same point and see the same noise.",
        required=True,
        wrap=True,
    )


def view_choice(name: str) -> None:
    """Let one of the few values of a choice be chosen that a page adds to the link."""
    param = state.View.params()[name]
    assert isinstance(param, Choice)
    st.session_state[name] = getattr(state.view(), name)
    st.segmented_control(
        param.label, list(param.options), format_func=param.options.__getitem__, key=name, required=True, wrap=True, on_change=view_changed(name)
    )


def view_changed(name: str) -> Callable[[], None]:
    """Return what a widget does, of which the key is `name`, when its value changes."""
    return lambda: state.edit_view(**{name: st.session_state[name]})


def rows(key: str, thing: Described, **sliders: tuple[float, float]) -> list[Control]:
    """Return a row of controls for each parameter, but uploads, that does something as the thing is set up.

    sliders: the part of a parameter's range that its slider covers, where it is not the parameter's own.
    """
    return [
        control(f"{key}.{name}", param, getattr(thing, name), slider=sliders.get(name), refused=state.refused_text(f"{key}.{name}"))
        for name, param in thing.params().items()
        if not isinstance(param, Upload) and (not (needs := getattr(param, "needs", "")) or getattr(thing, needs))
    ]


def kind_menu(key: str, described: Part, thing: Described, widget: str | None = None) -> None:
    """Show a menu of the kinds that link key `key` can name, families together; typing searches names and, in a long menu, families."""
    widget = widget or key
    st.session_state[widget] = type(thing).name
    st.selectbox(
        described.label,
        by_family(described.registry),
        # The closed menu shows the chosen one, with no room for more than its name.
        format_func=lambda name: thing.label if name == type(thing).name else _menu_text(described.registry, name),
        key=widget,
        on_change=lambda: state.edit({key: st.session_state[widget]}),
        help=described.help,
    )


def by_family(registry: Mapping[str, type[Described]]) -> list[str]:
    """Return the names of a registry, those of one family together, families in the order in which they first occur."""
    families = list(dict.fromkeys(getattr(cls, "family", "") for cls in registry.values()))
    return sorted(registry, key=lambda name: families.index(getattr(registry[name], "family", "")))


def _menu_text(registry: Mapping[str, type[Described]], name: str) -> str:
    family = getattr(registry[name], "family", "")
    return f"{registry[name].label} · {family}" if family and len(registry) > _LONG_MENU else registry[name].label


def show_part(key: str, described: Part, thing: Described, widget: str, *, is_below: bool = False, **sliders: tuple[float, float]) -> None:
    """Show a part of the scenario: the menu of its kinds, its parameters, and its own parts below them, their parameters folded away."""
    kind_menu(key, described, thing, widget)
    if controls := rows(key, thing, **sliders):
        with st.expander(f"{described.label}: parameters", key=f"{widget}-box") if is_below else nullcontext():
            show_controls(controls, state.edit, key=f"{widget}-controls")
    for name, param in thing.params().items():
        if isinstance(param, Upload):
            show_upload(f"{key}.{name}", param, getattr(thing, name), f"{widget}-{name}")
    for remark in thing.remarks:
        st.markdown(remark)
    for name, below in thing.parts().items():
        show_part(f"{key}.{name}", below, getattr(thing, name), f"{widget}-{name}", is_below=True, **sliders)
