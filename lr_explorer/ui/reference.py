"""The Reference's parts: for each registered class a card, made of nothing but what the class says about itself."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lr_explorer.figures import thumbnails
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from lr_explorer.params import Choice, Described, Number, Param
from lr_explorer.registry import Registry, documentation
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.start import STARTS
from lr_explorer.story import at, told
from lr_explorer.surfaces import SURFACES, Surface
from lr_explorer.ui import cached, state
from lr_explorer.ui.text import literal

Facts = dict[str, str]

# A card answers to its own width, not to the window's: two beside each other are as narrow as one on a phone.
_STYLE = """
<style>
[class*="st-key-card-"] { container-type: inline-size; }
[class*="st-key-card-"] h3 { padding: 0; font-size: 1.2rem; }
[class*="st-key-card-"] .katex-display { margin: 0 0 0.5rem; text-align: left; }
[class*="st-key-card-"] .katex-display > .katex { white-space: normal; text-align: left; line-height: 1.8; }
[class*="st-key-card-"] table { width: 100%; margin: 0 0 0.5rem; font-size: 0.875rem; }
[class*="st-key-card-"] :is(th, td) { padding: 0.3rem 0.75rem 0.3rem 0; border-width: 0 0 1px; vertical-align: top; }
[class*="st-key-card-"] th { font-weight: 600; text-align: left; }
[class*="st-key-card-"] td:nth-child(1) { min-width: 7.5rem; overflow-wrap: anywhere; }
[class*="st-key-card-"] td:nth-child(1) code { display: block; width: fit-content; }
[class*="st-key-card-"] td:is(:nth-child(2), :nth-child(3)) { white-space: nowrap; }
[class*="st-key-card-"] td:nth-child(5) { min-width: 11rem; }
@container (max-width: 34rem) {
  [class*="st-key-card-"] thead { display: none; }
  [class*="st-key-card-"] tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid rgba(128, 144, 160, 0.3); }
  [class*="st-key-card-"] td { display: block; padding: 0; border: 0; }
  [class*="st-key-card-"] td:nth-child(n + 2):nth-child(-n + 4):not(:empty) { display: inline-block; margin-right: 1rem; }
  [class*="st-key-card-"] td:nth-child(2):not(:empty)::before { content: "In the formula "; }
  [class*="st-key-card-"] td:nth-child(3)::before { content: "Default "; }
  [class*="st-key-card-"] td:nth-child(4)::before { content: "Range "; }
}
@media (max-width: 640px) { .st-key-reference button { padding: 0.25rem 0.45rem; } }
</style>
"""


@dataclass(frozen=True)
class Kind:
    """One kind of thing that a scenario is made of, and what its cards say.

    key: its link key; for a part of an arm, without the arm. facts: what a class tells beside its text, by heading. draw: its small
    picture, on the dark page or the light one. shows: what these pictures are.
    """

    key: str
    plural: str
    registry: Registry[Any]
    facts: Callable[[Any], Facts]
    draw: Callable[[Any, bool], go.Figure]
    shows: str
    is_of_an_arm: bool = False


def _surface_facts(cls: type[Surface]) -> Facts:
    surface = cls()
    (x0, x1), (y0, y1) = surface.bounds
    return {
        "Teaches": cls.teaches,
        "Box": f"x {_plain(x0)} … {_plain(x1)}, y {_plain(y0)} … {_plain(y1)}",
        "Minima": _minima(surface),
        "Start": at(surface.start),
    }


def _minima(surface: Surface) -> str:
    if not surface.minima:
        return "no isolated one"
    lowest = surface.minima[0]
    ties = sum(map(surface.is_global, surface.minima)) - 1
    also = f" and {ties} more" if ties else ""
    return f"{len(surface.minima)}; lowest f = {told(lowest.value)} at {at(lowest.point)}{also}"


def _schedule_facts(cls: type[Schedule]) -> Facts:
    if cls.floor_is_a_clip:
        return {"Floor": "cuts the curve off: after warm-up no rate is below floor · peak (Optax's end_value)"}
    return {"Floor": "squeezes the curve into the range from floor · peak to the peak (PyTorch's eta_min)"}


def _optimizer_facts(cls: type[Optimizer]) -> Facts:
    limit = cls().stability_limit()
    return {
        "Memory": cls.memory_label,
        "Usual peak rate": _plain(cls.suggested_peak),
        "Stable while": f"η·λ < {told(limit)} on a quadratic of curvature λ, with the defaults" if limit is not None else "no limit on η·λ is known",
    }


def _no_facts(cls: type[Described]) -> Facts:
    return {}


SURFACE = Kind(
    "surface",
    "surfaces",
    SURFACES,
    _surface_facts,
    lambda cls, dark: thumbnails.surface_thumbnail(cls(), dark=dark),
    "Low loss is dark grey; stars mark the lowest minima, dots the others.",
)
SCHEDULE = Kind(
    "schedule",
    "schedules",
    SCHEDULES,
    _schedule_facts,
    lambda cls, dark: thumbnails.schedule_thumbnail(thumbnails.example_schedule(cls), thumbnails.SCHEDULE_STEPS, dark=dark),
    f"The rate over {thumbnails.SCHEDULE_STEPS} updates with the defaults and, faint, a warm-up of {thumbnails.SCHEDULE_WARMUP}.",
    is_of_an_arm=True,
)
OPTIMIZER = Kind(
    "optimizer",
    "optimizers",
    OPTIMIZERS,
    _optimizer_facts,
    lambda cls, dark: thumbnails.path_thumbnail(thumbnails.example_run(cls()), dark=dark),
    f"{thumbnails.OPTIMIZER_STEPS} updates down a slanting ravine at the usual peak rate, held constant, without noise.",
    is_of_an_arm=True,
)
NOISE = Kind(
    "noise",
    "noise models",
    NOISES,
    _no_facts,
    lambda cls, dark: thumbnails.points_thumbnail(thumbnails.example_noise(cls()), 1, dark=dark),
    f"Where one update of SGD takes {thumbnails.REPLICATES} replicates that began at one point.",
)
START = Kind(
    "start",
    "starts",
    STARTS,
    _no_facts,
    lambda cls, dark: thumbnails.points_thumbnail(thumbnails.example_start(cls()), 0, dark=dark),
    f"Where {thumbnails.REPLICATES} replicates begin.",
)

CHAPTERS: Mapping[str, tuple[Kind, ...]] = {"surfaces": (SURFACE,), "schedules": (SCHEDULE,), "optimizers": (OPTIMIZER,), "setup": (NOISE, START)}


def chosen_kinds() -> tuple[Kind, ...]:
    """Show the menu of chapters and return the kinds of the chosen one; only these are drawn, so that the page is quick."""
    st.html(_STYLE)
    chapter = st.session_state["reference"] = state.view().reference
    st.segmented_control(
        "Chapter",
        list(CHAPTERS),
        format_func=state.CHAPTERS.__getitem__,
        required=True,
        key="reference",
        on_change=lambda: state.edit_view(reference=st.session_state["reference"]),
        label_visibility="collapsed",
        wrap=True,
    )
    return CHAPTERS[chapter]


def introduction(kind: Kind) -> None:
    """Say what the cards of this kind show, for which arm they are used, and what all of them can be tuned by."""
    stem = f"arm1.{kind.key}" if kind.is_of_an_arm else kind.key
    shared = _shared(kind)
    example = next((name for cls in kind.registry.values() for name in cls.params()), "")
    st.markdown(f"**{kind.plural.capitalize()}.** {kind.shows} In a link, a parameter's name follows `{stem}.`, as in `{stem}.{example}`.")
    if kind.is_of_an_arm and len(state.scenario().arms) > 1:
        _arms()
    if shared:
        with st.container(border=True, key=f"card-{kind.key}-all"):
            st.markdown(f"**All {kind.plural} have**")
            st.markdown(_table(shared))


def cards(kind: Kind) -> None:
    """Show a card for every registered class, two beside each other where there is room."""
    dark = st.context.theme.type == "dark"
    names = iter(kind.registry)
    for pair in zip_longest(names, names):
        for column, name in zip(st.columns(2), pair, strict=True):
            if name is not None:
                with column:
                    _card(kind, kind.registry[name], dark=dark)


def _arms() -> None:
    """Let the arm be chosen that the cards' buttons change; it is the one whose controls the Playground shows."""
    arms = state.scenario().arms
    st.session_state["arm"] = state.selected_arm()
    st.pills(
        "Use it in arm",
        range(len(arms)),
        format_func=state.arm_labels().__getitem__,
        key="arm",
        on_change=lambda: state.select_arm(st.session_state["arm"]),
        required=True,
        wrap=True,
    )


def _card(kind: Kind, cls: type[Described], *, dark: bool) -> None:
    is_used = type(_used(kind)) is cls
    with st.container(border=True, key=f"card-{kind.key}-{cls.name}", height="stretch"):
        with st.container(horizontal=True, gap="medium"):
            with st.container(gap="small"):
                st.subheader(cls.label, anchor=cls.name)
                notes = [getattr(cls, "family", ""), "in use" if is_used else ""]
                st.markdown("  \n".join(filter(None, [" · ".join(filter(None, notes)), literal(documentation(cls))])))
            with st.container(width=thumbnails.WIDTH, gap="small"):
                _picture(kind, cls, dark=dark)
                if st.button("Use it in the Playground", key=f"use-{kind.key}-{cls.name}", width="stretch"):
                    _use(kind, cls)
        st.markdown("\n".join(f"$$\n{equation}\n$$" for equation in _equations(cls.formula)))
        facts = kind.facts(cls) | {"Source": cls.source.strip("–")}
        st.markdown("  \n".join(f"**{heading}:** {literal(text)}" for heading, text in facts.items() if text))
        shared = _shared(kind)
        own = {name: param for name, param in cls.params().items() if name not in shared}
        st.markdown(_table(own) if own else f"No parameters{' of its own' if shared else ''}.")


def _picture(kind: Kind, cls: type[Described], *, dark: bool) -> None:
    st.plotly_chart(
        cached.thumbnail(kind.key, cls.name, dark, lambda: kind.draw(cls, dark)),
        width="content",
        theme=None,
        key=f"picture-{kind.key}-{cls.name}",
        config={"staticPlot": True, "displayModeBar": False},
        alt=f"{cls.label}. {kind.shows}",
    )


def _used(kind: Kind) -> Described:
    """Return the scenario's present object of this kind, or the selected arm's."""
    scenario = state.scenario()
    return getattr(scenario.arms[state.selected_arm()] if kind.is_of_an_arm else scenario, kind.key)


def _use(kind: Kind, cls: type[Described]) -> None:
    """Put the class into the scenario, unless it is there with its own values already, and open the Playground."""
    if type(_used(kind)) is not cls:
        state.edit({f"arm{state.selected_arm() + 1}.{kind.key}" if kind.is_of_an_arm else kind.key: cls.name})
    st.switch_page("app.py", query_params=state.query())


def _shared(kind: Kind) -> dict[str, Param]:
    """Return the parameters that every class of the kind has in the same words; a single class has its own only."""
    classes = list(kind.registry.values())
    first = classes[0].params() if len(classes) > 1 else {}
    return {name: param for name, param in first.items() if all(cls.params().get(name) == param for cls in classes)}


def _table(params: Mapping[str, Param]) -> str:
    """Return a markdown table of parameters; markdown, since it typesets the symbols."""
    head = ("Parameter", "Symbol", "Default", "Range", "Meaning")
    rows = [
        (f"{literal(param.label)} `{name}`", _symbol(param), _default(param), _range(param), literal(param.help)) for name, param in params.items()
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))


def _symbol(param: Param) -> str:
    return f"${param.symbol}$" if isinstance(param, Number) and param.symbol else ""


def _default(param: Param) -> str:
    return _plain(param.default) if isinstance(param, Number) else f"`{param.format(param.default)}`"  # type: ignore[arg-type]


def _range(param: Param) -> str:
    if isinstance(param, Number):
        return " ".join(filter(None, (f"{_plain(param.low)}\u00a0…\u00a0{_plain(param.high)}", literal(param.unit))))
    if isinstance(param, Choice):
        return ", ".join(f"`{name}`" if name == label else f"`{name}` ({literal(label)})" for name, label in param.options.items())
    return "`true`, `false`"


def _plain(value: float) -> str:
    """Return a number without rounding: 1,000,000 and 1e12, with a true minus sign."""
    return f"{value:,.8g}".replace("e+", "e").replace("e-0", "e-").replace("-", "−")


def _equations(formula: str) -> list[str]:
    """Return LaTeX that states several things as one equation a line, unless a line would end within braces."""
    lines = re.split(r",\\quad\s*", formula)
    return lines if all(line.count("{") == line.count("}") for line in lines) else [formula]
