"""What a session remembers: the scenario, and what the pages add to its link.

The scenario lives under a key that is no widget's. Every control changes it by link key and text, through `edit`, so that a slider,
a click on the contour and a link are one and the same thing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from lr_explorer import grids
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.export import FRAMEWORKS
from lr_explorer.lessons import PREFIX, Lesson
from lr_explorer.links import Reader, spelled_briefly
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.params import Described, choice, flag, shortened, text, whole
from lr_explorer.scenario import ARM_COLOURS, MAX_ARMS, RATES, Arm, Scenario
from lr_explorer.schedules.base import RAMPS
from lr_explorer.training import UNITS, Training
from lr_explorer.ui import lab

CHAPTERS = {"surfaces": "Surfaces", "schedules": "Schedules", "optimizers": "Optimizers", "setup": "Noise and start"}
SECTIONS = {"gallery": "Gallery", "training": "Training units", "paste": "Paste a configuration", "export": "Export"}
CODE = {name: framework.label for name, framework in FRAMEWORKS.items()}
# How many replicates a comparison may have, fixed before the first look at its verdict.
COUNTS = (100, 200, 400, 1000, 4000)
MAP_CELLS = (5, 8, 12)
MAP_COUNTS = (50, 100, 200, 400)
BUDGETS = {"scenario": "the Playground's steps", "training": "the run in Training units"}

_TRAINING = "training."
_MOST_UPLOADS = 12


@dataclass(frozen=True)
class View(Described):
    """What the pages add to a scenario's link."""

    preset: str = choice("none", {"none": "none"} | {name: preset.label for name, preset in PRESETS.items()}, "Preset", "Where the scenario began.")
    origin: str = text(lab.NONE, "Origin", "The experiment of which the scenario is a run, by claim and name: M1.tuned.")  # type: ignore[misc]
    view: str = choice("2d", {"2d": "2-D", "3d": "3-D"}, "View", "Contour or surface.")
    arm: int = whole(1, 1, MAX_ARMS, "Arm", "The arm whose controls and code are shown.")
    anatomy: int = whole(0, 0, MAX_ARMS, "Step anatomy", "The arm whose steps are taken apart at the cursor; 0 for none.")
    reference: str = choice("surfaces", CHAPTERS, "Chapter", "The chapter of the reference that is open.")
    section: str = choice("gallery", SECTIONS, "Section", "The part of the Schedules page that is open.")
    budget: str = choice("scenario", BUDGETS, "Length of the run", "How many updates the curves have.")
    axis: str = choice("step", UNITS, "Axis", "What the curves' axis counts.")
    log: bool = flag(False, "Logarithmic rate", "Shows rates by their powers of ten.")
    overlay: str = text("arms", "Overlay", "The curves drawn beside the arm's: arms, arm2, cosine, … with commas; none for none.", longest=400)  # type: ignore[misc]
    same_peak: bool = flag(False, "Same peak for all curves", "Draws the other arms at the selected arm's peak too, to compare shapes alone.")
    n: str = choice("400", {str(count): f"{count:,}" for count in COUNTS}, "Replicates", "How many replicates of each arm the Compare page runs.")
    contender: int = whole(1, 1, MAX_ARMS, "Contender", "The arm that is claimed to fare better.")
    baseline: int = whole(2, 1, MAX_ARMS, "Baseline", "The arm that the contender is compared with.")
    branch: int = whole(0, 0, 20_000, "Fork at step", "The first update in which the arm's branches differ; 0 for half of the run.", unit="updates")
    fall: str = choice("linear", RAMPS, "Decay shape", "How the rate falls in the branches that decay.")
    map_x: str = text("auto", "Across", "What the escape map varies from left to right, and how far: KEY=LOW..HIGH.", longest=160)  # type: ignore[misc]
    map_y: str = text("auto", "Upwards", "What the escape map varies from bottom to top, and how far: KEY=LOW..HIGH.", longest=160)  # type: ignore[misc]
    map_cells: str = choice("8", {str(cells): f"{cells} × {cells}" for cells in MAP_CELLS}, "Cells", "How finely the escape map is divided.")
    map_n: str = choice("100", {str(count): str(count) for count in MAP_COUNTS}, "Replicates in a cell", "How many are run for each share.")
    framework: str = choice("torch", CODE, "Framework", "Whose words the exported code is written in.")
    one_peak: bool = flag(False, "One peak rate for all arms", "Changing one arm's peak rate changes it in every arm.")


# What the pages add to a scenario's link, each behind what its keys begin with.
ADDED: tuple[tuple[str, type[Described]], ...] = (
    ("", View),
    ("", lab.Lab),
    (lab.MATRIX, lab.Matrix),
    (_TRAINING, Training),
    (PREFIX, Lesson),
)


def is_of_pages(key: str) -> bool:
    """Whether a link's key is what pages add to a scenario."""
    return any(key.startswith(prefix) and key.removeprefix(prefix) in added.params() for prefix, added in ADDED)


def scenario() -> Scenario:
    """Return the session's scenario; the first call of a session reads it from the address."""
    # Every run has a thread of its own, which knows nothing yet of the session's files.
    grids.offer(st.session_state.get("uploads", {}))
    if "scenario" not in st.session_state:
        reader = Reader(st.query_params.to_dict())
        st.session_state.asked = {key: value for key, value in st.query_params.to_dict().items() if value.startswith(grids.UPLOAD)}
        st.session_state.view = _read_view(reader)
        st.session_state.lab = lab.read(reader)
        st.session_state.matrix = lab.read_matrix(reader)
        st.session_state.training = Training(**reader.values(_TRAINING, Training()))
        # "?preset=settle&steps=50" is a link that people type: what it leaves out is the preset's, or that of the experiment in "?origin=M3.escape".
        st.session_state.scenario = Scenario.read(reader, _beginning(st.session_state.view))
        st.session_state.view = _read_places(reader, st.session_state.view, st.session_state.scenario)
        st.session_state.lesson = Lesson.read(reader, st.session_state.scenario)
        st.session_state.changed = st.session_state.lesson.read_changed(reader, st.session_state.scenario)
        # Not the scenario's own, which take every other key for one too many.
        st.session_state.complaints = reader.closing()
    return st.session_state.scenario


def _read_view(reader: Reader) -> View:
    view = View(**reader.values("", View()))
    if view.origin == lab.NONE or lab.experiment_at(view.origin):
        return view
    reader.complain(f"origin must name an experiment, such as M1.tuned; got {shortened(view.origin)}", f"{lab.NONE} was used")
    return view.with_values(origin=lab.NONE)


def _read_places(reader: Reader, view: View, scenario: Scenario) -> View:
    """Return the view with the arms and the step that the scenario has; what a link has in vain is told to the reader."""
    used, count = _fitting(view, scenario), len(scenario.arms)
    for name in ("contender", "baseline"):
        if name in st.query_params and getattr(view, name) != getattr(used, name):
            rule = f"one of the {count} arms" if getattr(view, name) > count else "another arm than the contender"
            reader.complain(f"{name} must be {rule}; got {getattr(view, name)}", f"{getattr(used, name)} was used")
    if view.branch != used.branch:
        reader.complain(f"branch must be at most {used.branch}, the last of {scenario.steps} updates; got {view.branch}", f"{used.branch} was used")
    return used


def _fitting(view: View, scenario: Scenario) -> View:
    """Return the view with a pair of arms, where there are several, and a fork that the scenario has."""
    count, contender, baseline = len(scenario.arms), view.contender, view.baseline
    if count > 1:
        contender, baseline = min(contender, count), min(baseline, count)
        baseline = baseline if baseline != contender else 2 if contender == 1 else 1
    return view.with_values(contender=contender, baseline=baseline, branch=min(view.branch, scenario.steps - 1))


def _beginning(view: View) -> Scenario | None:
    """Return the scenario of the preset or the experiment at which a link begins, None if it begins at neither."""
    if view.preset in PRESETS:
        return PRESETS[view.preset].scenario
    experiment = lab.experiment_at(view.origin)
    return experiment.scenarios[0] if experiment else None


def keep_upload(found: grids.Grid) -> None:
    """Keep something of the user's own for this session, and forget the oldest if there are many."""
    kept = {name: grid for name, grid in st.session_state.get("uploads", {}).items() if name != found.name}
    st.session_state.uploads = dict([*kept.items(), (found.name, found)][-_MOST_UPLOADS:])
    grids.offer(st.session_state.uploads)


def asked_for(key: str) -> str:
    """Return the name of the upload that the opened link has for link key `key`, empty once it is here or if there is none."""
    scenario()
    asked = st.session_state.asked.get(key, "")
    return "" if asked in grids.at_hand() else asked


def view() -> View:
    """Return what the pages add to the link."""
    scenario()
    return st.session_state.view


def training() -> Training:
    """Return the training run that the Schedules page counts in."""
    scenario()
    return st.session_state.training


def lesson() -> Lesson:
    """Return the lesson that is made, or shown to a class."""
    scenario()
    return st.session_state.lesson


def query() -> dict[str, str]:
    """Return the keys and values of the link to what is on the screen."""
    counted = {_TRAINING + name: text for name, text in training().texts().items()}
    # Keys that nobody has touched would only make every link longer.
    opened = lab.current().texts() if lab.current() != lab.Lab() else {}
    more = (counted if training() != Training() else {}) | opened | spelled_briefly(lab.MATRIX, lab.matrix(), lab.Matrix()) | lesson().to_query()
    return scenario().to_query() | _fitting(view(), scenario()).texts() | more


def link() -> str:
    """Return the link's query string."""
    return urlencode(query())


def edit(changes: Mapping[str, str]) -> None:
    """Change values of the scenario by link key; what is refused is told and changes nothing."""
    if view().one_peak:
        peaks = [text for key, text in changes.items() if key.endswith(".schedule.peak")]
        changes = dict(changes) | {f"arm{i}.schedule.peak": text for text in peaks for i in range(1, len(scenario().arms) + 1)}
    before = scenario()
    changes = renamed(before, changes)
    try:
        changed = st.session_state.scenario = before.edited(changes)
    except ValueError as refused:
        refuse(refused, changes)
        return
    st.session_state.pop("refused", None)
    if "noise" not in changes and (why := before.noise.refusal(changed.surface)):
        st.session_state.refusal = f"noise: {before.noise.name} {why}; {changed.noise.name} was used."


def refuse(why: ValueError, changes: Mapping[str, str]) -> None:
    """Remember what was refused, and why, to tell it and to let it be mended."""
    st.session_state.refusal = str(why)
    st.session_state.refused = dict(changes)


def renamed(before: Scenario, changes: Mapping[str, str]) -> Mapping[str, str]:
    """Return the changes with a new name for an arm that is called after its schedule and gets another one."""
    names = {}
    for place, arm in enumerate(before.arms, 1):
        kind = changes.get(f"arm{place}.schedule", changes.get("arm*.schedule", ""))
        if kind in RATES and arm.name.split()[0].strip(",") == type(arm.schedule).label.split()[0]:
            names[f"arm{place}.name"] = RATES[kind].label
    return names | dict(changes)


def edit_view(**values: object) -> None:
    """Change what the pages add to the link."""
    st.session_state.view = view().with_values(**values)


def edit_training(changes: Mapping[str, str]) -> None:
    """Change values of the training run by link key; what is refused is told and changes nothing."""
    names = {_TRAINING + name: (name, param) for name, param in Training.params().items()}
    try:
        values = {names[key][0]: names[key][1].parse(written, key) for key, written in changes.items()}
        set_training(training().with_values(**values))
    except ValueError as refused:
        st.session_state.refusal = str(refused)


def set_training(changed: Training) -> None:
    """Count in another training run."""
    training()
    st.session_state.training = changed


def put_arm(place: int, **values: object) -> None:
    """Change what an arm is made of; what is refused is told and changes nothing."""
    arms = scenario().arms
    try:
        changed = arms[place].with_values(**values)
    except ValueError as refused:
        st.session_state.refusal = str(refused)
        return
    st.session_state.scenario = scenario().with_values(arms=(*arms[:place], changed, *arms[place + 1 :]))


def refused_text(key: str) -> str | None:
    """Return what was typed for a link key if that is what the last change was refused for."""
    return st.session_state.get("refused", {}).get(key)


def take_refusal() -> str:
    """Return why the last change was refused, once; empty if it was not."""
    return st.session_state.pop("refusal", "")


def open_preset(name: str) -> None:
    """Replace the scenario by a preset."""
    remember("the preset")
    open_scenario(PRESETS[name].scenario, preset=name)


def open_scenario(opened: Scenario, **values: object) -> None:
    """Replace the scenario by one that begins anew: at a preset, at an experiment, or nowhere; values: what else changes in the view."""
    st.session_state.scenario = opened
    st.session_state.complaints = ()
    edit_view(**{"preset": "none", "origin": lab.NONE, "arm": 1, "anatomy": 0} | values)


def origin() -> str:
    """Return the name of the preset, or the place of the experiment, at which the scenario began."""
    return view().preset if view().preset in PRESETS else view().origin


def put_arms(arms: tuple[Arm, ...], before: str) -> None:
    """Replace all arms by others, so that it can be undone; `before` as in `remember`."""
    remember(before)
    st.session_state.scenario = scenario().with_values(arms=arms)
    select_arm(0)
    edit_view(anatomy=0)


def remember(before: str) -> None:
    """Keep what is on the screen, to come back to it from what replaces it; `before`: what that is, for the button."""
    st.session_state.remembered = (before, scenario(), view())


def remembered() -> str:
    """Return what `undo` would take back; empty if there is nothing."""
    return st.session_state.get("remembered", ("",))[0]


def undo() -> None:
    """Return to what was there before the last preset, or what else replaced much at once."""
    if remembered():
        _, st.session_state.scenario, st.session_state.view = st.session_state.pop("remembered")


def share_peak(shared: bool) -> None:
    """Switch the common peak rate on or off; switching it on gives every arm the selected one's."""
    if not shared:
        edit_view(one_peak=False)
        return
    remember("one peak for all")
    edit_view(one_peak=True)
    chosen = scenario().arms[selected_arm()]
    edit({"arm1.schedule.peak": repr(chosen.schedule.peak)})


def reroll() -> None:
    """Choose another seed at random."""
    edit({"seed": str(secrets.randbelow(1_000_000))})


def selected_arm() -> int:
    """Return the place of the arm whose controls are shown."""
    return min(view().arm, len(scenario().arms)) - 1


def pair() -> tuple[int, int]:
    """Return the places of the arms that are compared, the contender and the baseline, of a scenario that has two."""
    used = _fitting(view(), scenario())
    return used.contender - 1, used.baseline - 1


def choose_contender(place: int) -> None:
    """Compare another arm with the baseline; the baseline itself changes roles with the contender."""
    before, baseline = pair()
    edit_view(contender=place + 1, baseline=(before if place == baseline else baseline) + 1)


def choose_baseline(place: int) -> None:
    """Compare the contender with another arm."""
    edit_view(contender=pair()[0] + 1, baseline=place + 1)


def fork() -> int:
    """Return the step at which an arm's branches part: within the run, of which the link may know nothing."""
    return _fitting(view(), scenario()).branch or scenario().steps // 2


def arm_labels() -> list[str]:
    """Return each arm's number and name: menus tell their options apart by these texts alone, and names may be equal."""
    return [f"{number} · {arm.name}" for number, arm in enumerate(scenario().arms, 1)]


def nearest_count(count: int) -> str:
    """Return the number of replicates that a comparison may have and that is nearest to one, as the view has it."""
    return str(min(COUNTS, key=lambda other: abs(other - count)))


def select_arm(place: int) -> None:
    """Choose the arm whose controls are shown, on every page."""
    edit_view(arm=place + 1)


def add_arm(*, like: Arm | None = None) -> None:
    """Add an arm at the end, a copy of `like` or a plain one, in a colour that is still free, and select it."""
    arms = scenario().arms
    free = next(colour for colour in ARM_COLOURS if colour not in {arm.colour for arm in arms})
    new = like.with_values(name=f"{like.name[:30]} copy", colour=free) if like else Arm(f"Arm {len(arms) + 1}", free, OPTIMIZERS.create("sgd"))
    st.session_state.scenario = scenario().with_values(arms=(*arms, new))
    select_arm(len(arms))


def remove_arm(place: int) -> None:
    """Remove the arm at `place`."""
    arms = scenario().arms
    st.session_state.scenario = scenario().with_values(arms=arms[:place] + arms[place + 1 :])
    select_arm(max(0, place - 1))
    if view().anatomy > place:
        edit_view(anatomy=0)
