"""The Reference's parts: for each registered class a card, made of nothing but what the class says about itself."""

from collections.abc import Mapping
from itertools import zip_longest
from types import MappingProxyType

import streamlit as st

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.batches import BATCHES
from lr_explorer.clipping import CLIPPINGS
from lr_explorer.controllers import CONTROLLERS, Controller
from lr_explorer.figures import thumbnails
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import LEFT_OUT, OPTIMIZERS, Optimizer
from lr_explorer.params import Choice, Described, Flag, Number, Param, Part
from lr_explorer.registry import documentation
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.start import STARTS
from lr_explorer.story import at, told
from lr_explorer.surfaces import SURFACES, Surface
from lr_explorer.ui import state
from lr_explorer.ui.cards import STYLE, Facts, Kind, picture, typeset
from lr_explorer.ui.parts import arm_pills, by_family, is_dark
from lr_explorer.ui.text import literal
from lr_explorer.wrappers import WRAPPERS, Wrapper


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
    besides = [surface.undeclared] if surface.undeclared else []
    if not surface.minima:
        return besides[0] if besides else "no isolated one"
    lowest = surface.minima[0]
    ties = sum(map(surface.is_global, surface.minima)) - 1
    also = f" and {ties} more" if ties else ""
    count = f"{len(surface.minima)}{' found by a search' if surface.is_searched else ''}"
    return "; besides, ".join([f"{count}; lowest f = {told(lowest.value)} at {at(lowest.point)}{also}", *besides])


def _schedule_facts(cls: type[Schedule]) -> Facts:
    if cls.floor_is_a_clip:
        return {"Floor": "cuts the curve off: after warm-up no rate is below floor · peak (Optax's end_value)"}
    return {"Floor": "squeezes the curve into the range from floor · peak to the peak (PyTorch's eta_min)"}


def _controller_facts(cls: type[Controller]) -> Facts:
    return {"Use it when": cls.use_when, "Watch for": cls.watch_for}


def _optimizer_facts(cls: type[Optimizer]) -> Facts:
    limit = cls().stability_limit()
    return {
        "Memory": cls.memory_label,
        "The rate": cls.rate_note,
        "Usual peak rate": _plain(cls.suggested_peak),
        "Stable while": f"η·λ < {told(limit)} on a quadratic of curvature λ, with the defaults" if limit is not None else "no limit on η·λ is known",
    }


def _wrapper_facts(cls: type[Wrapper]) -> Facts:
    return {"Needs": "" if cls.name == "none" else cls.needs}


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
CONTROLLER = Kind(
    "controller",
    "controllers",
    CONTROLLERS,
    _controller_facts,
    lambda cls, dark: thumbnails.rate_thumbnail(thumbnails.example_control(cls()), dark=dark),
    f"Chosen in the place of a schedule, it sets the rate by what the run does: here over {thumbnails.SCHEDULE_STEPS} updates in a noisy bowl, "
    "looking at every fifth and patient for two.",
    is_of_an_arm=True,
    part="schedule",
)
AVERAGING = Kind(
    "averaging",
    "averages",
    AVERAGINGS,
    _no_facts,
    lambda cls, dark: thumbnails.average_thumbnail(thumbnails.example_average(cls()), dark=dark),
    "An alternative to lowering the rate: the loss of the iterate at a constant rate, faint, and that of its average.",
    is_of_an_arm=True,
)
BATCH = Kind(
    "batch",
    "batch schedules",
    BATCHES,
    _no_facts,
    lambda cls, dark: thumbnails.batch_thumbnail(cls(), thumbnails.SCHEDULE_STEPS, dark=dark),
    f"Another alternative to lowering the rate: the batch over {thumbnails.SCHEDULE_STEPS} updates, as a multiple of the first.",
    is_of_an_arm=True,
)
OPTIMIZER = Kind(
    "optimizer",
    "optimizers",
    OPTIMIZERS,
    _optimizer_facts,
    lambda cls, dark: thumbnails.path_thumbnail(thumbnails.example_run(cls()), dark=dark),
    f"{thumbnails.OPTIMIZER_STEPS} updates down a slanting ravine at the usual peak rate, held constant, without noise. {LEFT_OUT}",
    is_of_an_arm=True,
)
WRAPPER = Kind(
    "wrapper",
    "wrappers",
    WRAPPERS,
    _wrapper_facts,
    lambda cls, dark: thumbnails.path_thumbnail(thumbnails.example_run(OPTIMIZERS.create("sgd"), wrapper=cls()), dark=dark),
    "Something around an optimizer, whichever it is: here gradient descent down the same ravine.",
    is_of_an_arm=True,
)
CLIPPING = Kind(
    "clipping",
    "clippings of the gradient",
    CLIPPINGS,
    _no_facts,
    lambda cls, dark: thumbnails.path_thumbnail(thumbnails.example_run(OPTIMIZERS.create("sgd"), clipping=cls()), dark=dark),
    "A bound on what the optimizer is handed, never a silent one: the run says in how many updates it bit. Gradient descent down the same ravine.",
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

CHAPTERS: Mapping[str, tuple[Kind, ...]] = {
    "surfaces": (SURFACE,),
    "schedules": (SCHEDULE, CONTROLLER, AVERAGING, BATCH),
    "optimizers": (OPTIMIZER, WRAPPER, CLIPPING),
    "setup": (NOISE, START),
}


def chosen_kinds() -> tuple[Kind, ...]:
    """Show the menu of chapters, and that of arms where it matters, and return the chosen kinds; only these are drawn, so that the page is quick."""
    st.html(STYLE)
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
    if any(kind.is_of_an_arm for kind in CHAPTERS[chapter]) and len(state.scenario().arms) > 1:
        arm_pills("Use it in arm")
    return CHAPTERS[chapter]


def introduction(kind: Kind) -> None:
    """Say what the cards of this kind show and what all of them can be tuned by."""
    stem = f"arm1.{kind.stem}" if kind.is_of_an_arm else kind.stem
    shared = _shared(kind)
    example = next((name for cls in kind.registry.values() for name in cls.params()), "")
    st.markdown(f"**{kind.plural.capitalize()}.** {kind.shows} In a link, a parameter's name follows `{stem}.`, as in `{stem}.{example}`.")
    if shared:
        with st.container(border=True, key=f"card-{kind.key}-all"):
            st.markdown(f"**All {kind.plural} have**")
            st.markdown(_table(shared))


def cards(kind: Kind) -> None:
    """Show a card for every registered class, two beside each other where there is room."""
    dark = is_dark()
    names = iter(by_family(kind.registry))
    for pair in zip_longest(names, names):
        for column, name in zip(st.columns(2), pair, strict=True):
            if name is not None:
                with column:
                    _card(kind, kind.registry[name], dark=dark)


def _card(kind: Kind, cls: type[Described], *, dark: bool) -> None:
    is_used = type(kind.used) is cls
    with st.container(border=True, key=f"card-{kind.key}-{cls.name}", height="stretch"):
        with st.container(horizontal=True, gap="medium"):
            with st.container(gap="small"):
                st.subheader(cls.label, anchor=cls.name)
                notes = [getattr(cls, "family", ""), "in use" if is_used else ""]
                st.markdown("  \n".join(filter(None, [" · ".join(filter(None, notes)), literal(documentation(cls))])))
            with st.container(width=thumbnails.WIDTH, gap="small"):
                picture(kind, cls, dark=dark)
                if st.button("Use it in the Playground", key=f"use-{kind.key}-{cls.name}", width="stretch"):
                    _use(kind, cls)
        st.markdown(typeset(cls.formula))
        facts = kind.facts(cls) | {"Source": cls.source.strip("–")}
        st.markdown("  \n".join(f"**{heading}:** {literal(text)}" for heading, text in facts.items() if text))
        shared = _shared(kind)
        own = {name: param for name, param in cls.params().items() if name not in shared}
        st.markdown(_table(own, cls.parts()) if own or cls.parts() else f"No parameters{' of its own' if shared else ''}.")


def _use(kind: Kind, cls: type[Described]) -> None:
    """Put the class into the scenario, unless it is there with its own values already, and open the Playground."""
    if type(kind.used) is not cls:
        state.edit({kind.link_key: cls.name})
    st.switch_page("app.py", query_params=state.query())


def _shared(kind: Kind) -> dict[str, Param]:
    """Return the parameters that every class of the kind has in the same words; a single class has its own only."""
    classes = list(kind.registry.values())
    first = classes[0].params() if len(classes) > 1 else {}
    return {name: param for name, param in first.items() if all(cls.params().get(name) == param for cls in classes)}


def _table(params: Mapping[str, Param], parts: Mapping[str, Part] = MappingProxyType({})) -> str:
    """Return a markdown table of parts and parameters; markdown, since it typesets the symbols."""
    head = ("Parameter", "Symbol", "Default", "Range", "Meaning")
    rows = [(f"{literal(part.label)} `{name}`", "", f"`{part.kind}`", _kinds(part), literal(part.help)) for name, part in parts.items()]
    rows += [
        (f"{literal(param.label)} `{name}`", _symbol(param), _default(param), _range(param), literal(param.help)) for name, param in params.items()
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))


def _kinds(part: Part) -> str:
    """Return how many things a part may be, and where their names stand."""
    return f"one of {len(part.registry)}, with its own parameters below this name"


def _symbol(param: Param) -> str:
    return f"${param.symbol}$" if isinstance(param, Number) and param.symbol else ""


def _default(param: Param) -> str:
    return _plain(param.default) if isinstance(param, Number) else f"`{param.format(param.default)}`"  # type: ignore[arg-type]


def _range(param: Param) -> str:
    if isinstance(param, Number):
        return " ".join(filter(None, (f"{_plain(param.low)}\u00a0…\u00a0{_plain(param.high)}", literal(param.unit))))
    if isinstance(param, Choice):
        return ", ".join(f"`{name}`" if name == label else f"`{name}` ({literal(label)})" for name, label in param.options.items())
    return "`true`, `false`" if isinstance(param, Flag) else literal(param.rule)


def _plain(value: float) -> str:
    """Return a number without rounding: 1,000,000 and 1e12, with a true minus sign."""
    return f"{value:,.8g}".replace("e+", "e").replace("e-0", "e-").replace("-", "−")
