"""A lesson: what a class is shown of a scenario and of the claims' experiments, what it may change, and what it is asked.

A lesson is in its link and nowhere else: `lesson.question=…`, `lesson.controls=arm1.schedule.peak,noise.sigma`, `lesson.cards=M1.tuned`. What a
class has changed stands beside it, as `changed.noise.sigma=0.0`, so that the lesson can always be had back.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lr_explorer.claims import CLAIMS, Experiment
from lr_explorer.links import Query, Reader
from lr_explorer.params import Choice, Described, Param, Text, Upload, choice, flag, shortened, text
from lr_explorer.scenario import VERSION, Scenario

AUDIENCES = {"teacher": "whoever makes it", "class": "the class"}
PARTS = {
    "play": "Play and scrub",
    "curves": "Learning rate and loss over the steps",
    "values": "Values at the cursor",
    "story": "What happened, in sentences",
    "replicates": "What the replicates did, counted",
    "knob": "On cards: the knob and the seed",
}
# What stands in a link for an empty list: a value may not be empty there.
NONE = "none"

PREFIX = "lesson."
_CHANGED = "changed."
_MOST_ANSWERS = 6


@dataclass(frozen=True)
class Lesson(Described):
    """What a class is shown, what it may change, and what it is asked."""

    audience: str = choice("teacher", AUDIENCES, "Seen by", "Who opens the link: the class sees the lesson alone.")
    title: str = text("Lesson", "Title", "Stands at the top.", longest=80)
    question: str = text(
        "", "Question", "Plain text, shown as it is typed; at most 500 characters in 12 lines.", longest=500, lines=12, is_needed=False
    )
    answers: str = text(
        "",
        "Answers to choose from, one a line",
        f"Two to {_MOST_ANSWERS}. Students choose one before they see what happens; the choice stays in their own browser tab. "
        "Without answers everything shows at once.",
        longest=600,
        lines=_MOST_ANSWERS,
        is_needed=False,
    )
    scenario: bool = flag(True, "The scenario that is in the Playground now", "Shows its figure.")
    controls: str = text("arm1.schedule.peak", "What the class may change", "The controls that are shown; all others are hidden.", longest=2000)
    shows: str = text("play,curves,replicates,knob", "What else the class sees", "What stands around the map and on the cards.", longest=200)
    cards: str = text(NONE, "Cards of claims", "Experiments with a question to predict and a verdict.", longest=1000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.choices) == 1:
            raise ValueError(f"answers must be at least two, one a line, or none; got one: {shortened(self.choices[0][3:])}")

    def chosen(self, field: str) -> tuple[str, ...]:
        """Return the names in `controls`, `shows` or `cards`, in their order."""
        return _names(getattr(self, field))

    def with_chosen(self, field: str, names: Iterable[str]) -> Self:
        """Return the lesson with other names in `controls`, `shows` or `cards`."""
        return self.with_values(**{field: ",".join(names) or NONE})

    @property
    def choices(self) -> list[str]:
        """The answers to choose from, each behind its letter."""
        answers = [line.strip() for line in self.answers.split("\n") if line.strip()]
        return [f"{letter}: {answer}" for letter, answer in zip("ABCDEF", answers, strict=False)]

    def to_query(self) -> dict[str, str]:
        """Return what differs from a lesson that nobody has begun, as values of a link."""
        usual = type(self)().texts()
        return {PREFIX + name: value for name, value in self.texts().items() if value != usual[name]}

    def class_query(self, scenario: Scenario, figure: Query) -> dict[str, str]:
        """Return the keys and values of the link that opens the lesson for a class: short, so that a QR code can hold it, and still readable.

        figure: what a page adds for the figure.
        """
        # Written out even where they are the usual ones: they are what the lesson is.
        lists = {PREFIX + name: getattr(self, name) for name in ("controls", "shows") if self.scenario}
        shown = scenario.to_brief_query() | dict(figure) if self.scenario else {"v": VERSION}
        return shown | self.with_values(audience="class").to_query() | lists

    @staticmethod
    def changed_query(changed: Query) -> dict[str, str]:
        """Return what a class has changed, by link key, as further keys and values of its link."""
        return {_CHANGED + key: value for key, value in changed.items()}

    @classmethod
    def read(cls, reader: Reader, scenario: Scenario) -> Self:
        """Read a lesson about the scenario; names that it does not have are told to the reader, one by one."""
        lesson = reader.filled(PREFIX, cls())
        known: dict[str, Collection[str]] = {"controls": controls_of(scenario), "shows": PARTS, "cards": EXPERIMENTS}
        for field, names in known.items():
            unknown = [name for name in lesson.chosen(field) if name not in names]
            for name in unknown:
                reader.complain(f"{PREFIX}{field}: there is no {name!r} here", "it was left out")
            if unknown:
                lesson = lesson.with_chosen(field, [name for name in lesson.chosen(field) if name in names])
        return lesson

    def read_changed(self, reader: Reader, scenario: Scenario) -> dict[str, str]:
        """Read what a class has changed of the scenario; what it may not, or cannot, change is told to the reader."""
        changed: dict[str, str] = {}
        # Kinds come before what is below them, since they decide which values there are.
        for key, value in sorted(reader.below(_CHANGED).items(), key=lambda change: change[0].count(".")):
            if key not in self.chosen("controls"):
                reader.complain(f"{_CHANGED}{key} is no control of this lesson", "it was left out")
                continue
            try:
                scenario.edited(changed | {key: value})
            except ValueError as refused:
                reader.complain(f"{_CHANGED}{key}: {str(refused).removesuffix('.')}", "the lesson's own value was kept")
            else:
                changed[key] = value
        return changed


@dataclass(frozen=True)
class Control:
    """One thing that a class may change: its parameter, its present value, and where it belongs, outermost first."""

    param: Param
    value: Any
    owners: tuple[str, ...]

    @property
    def label(self) -> str:
        """Its name among all others."""
        return f"{' · '.join(self.owners)}: {self.param.label}"


def controls_of(scenario: Scenario) -> dict[str, Control]:
    """Return everything of a scenario that a control can change, by link key; what all arms have alike also once, as `arm*.…`."""
    arms = [_inside("", arm, (arm.name,)) for arm in scenario.arms]
    found = {f"arm*.{key}": Control(one.param, one.value, ("All arms", *one.owners[1:])) for key, one in _common(arms).items()}
    for place, mine in enumerate(arms, 1):
        found |= {f"arm{place}.{key}": control for key, control in mine.items()}
    return found | _inside("", scenario, ("Run",))


def _inside(prefix: str, thing: Described, owners: tuple[str, ...]) -> dict[str, Control]:
    """Return the controls of a thing and of its parts; not what is uploaded, nor what is only a name."""
    found: dict[str, Control] = {}
    for name, part in thing.parts().items():
        below: Described = getattr(thing, name)
        kinds = {kind: cls.label for kind, cls in part.registry.items()}
        within = (*owners, part.label)
        found[prefix + name] = Control(Choice(below.name, kinds, part.label, part.help), below.name, owners)
        found |= _inside(f"{prefix}{name}.", below, within)
    return found | {prefix + name: Control(param, getattr(thing, name), owners) for name, param in thing.params().items() if not _is_fixed(param)}


def _is_fixed(param: Param) -> bool:
    return isinstance(param, Text | Upload)


def _common(arms: list[dict[str, Control]]) -> dict[str, Control]:
    """Return the controls that all of several arms have alike, with the same value."""
    first, *others = arms
    alike = {key: control for key, control in first.items() if all(key in arm and _is_same(arm[key], control) for arm in others)}
    return alike if others else {}


def _is_same(one: Control, other: Control) -> bool:
    return one.param == other.param and one.value == other.value


def _names(written: str) -> tuple[str, ...]:
    """Return the names of a list with commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in written.split(",") if name.strip() not in ("", NONE)))


# Every experiment that has a card, by claim and name; E6 asks its questions to a matrix of tasks and schedules.
EXPERIMENTS: Mapping[str, Experiment] = {
    f"{claim.id}.{one.name}": one for claim in CLAIMS.values() for one in claim.experiments if isinstance(one, Experiment)
}
