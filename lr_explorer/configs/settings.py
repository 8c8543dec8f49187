"""What a text says, value by value, with notes of what was understood, assumed and missed."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lr_explorer.configs.texts import NUMBER, parsed_json
from lr_explorer.optimizers import Optimizer
from lr_explorer.params import Number, shortened
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.training import Training

LARGEST = 10**15


@dataclass(frozen=True)
class Configuration:
    """What a pasted text says about the rate.

    training: the run, with what the text does not say taken from the one that was given. steps: what the schedule counts to, as
    `scheduler.step()` is called. optimizer: None if the text names none that is known here. understood, assumed, missed: sentences for the reader.
    """

    name: str
    framework: str
    schedule: Schedule
    training: Training
    understood: tuple[str, ...]
    assumed: tuple[str, ...]
    missed: tuple[str, ...]
    optimizer: Optimizer | None = None

    @property
    def steps(self) -> int:
        return self.training.planned


@dataclass(frozen=True)
class Unread:
    """A value that only running the code would give."""

    source: str


@dataclass
class Notes:
    """Sentences about a text, gathered while it is read."""

    understood: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


class Settings:
    """Named values out of a text; asking for one says whether it was there, and what was not asked for is told in the end."""

    def __init__(self, values: Mapping[str, Any], notes: Notes, owner: str = "") -> None:
        self._values = {key.replace("-", "_"): value for key, value in values.items()}
        self._asked: set[str] = set()
        self._owner = f"{owner}: " if owner else ""
        self.notes = notes

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def number(self, name: str, default: float, *, told: bool = True) -> float:
        """Return a number, or the framework's default, which is told as an assumption."""
        value = self._given(name, default)
        if value is None:
            if told:
                self.notes.assumed.append(f"{name} is not given: {default:g}, the framework's default.")
            return default
        if isinstance(value, str) and NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            raise ValueError(f"{self._owner}{name} must be a number; got {shortened(value)}")
        return float(value)

    def rate(self, name: str, default: float, *, told: bool = True) -> float:
        """Return a learning rate."""
        rate, bounds = self.number(name, default, told=told), Schedule.params()["peak"]
        assert isinstance(bounds, Number)
        if not bounds.low <= rate <= bounds.high:
            raise ValueError(f"{self._owner}{name} must be between {bounds.low:g} and {bounds.high:g}; got {rate:g}")
        return rate

    def whole(self, name: str, default: int, *, least: int = 0, told: bool = True) -> int:
        number = self.number(name, default, told=told)
        if number != int(number) or number < least:
            raise ValueError(f"{self._owner}{name} must be a whole number of at least {least}; got {number:g}")
        return int(number)

    def word(self, name: str, default: str, *, told: bool = True) -> str:
        value = self._given(name, default)
        if value is None:
            if told:
                self.notes.assumed.append(f"{name} is not given: {default}, the framework's default.")
            return default
        if not isinstance(value, str):
            raise ValueError(f"{self._owner}{name} must be a name; got {shortened(value)}")
        return value

    def flag(self, name: str) -> bool:
        value = self._given(name, False)
        return value is True or value in ("", "true", "True")

    def wholes(self, name: str, default: Sequence[int]) -> list[int]:
        value = self._given(name, default)
        values = default if value is None else value if isinstance(value, list | tuple) else [value]
        return [Settings({name: one}, self.notes, self._owner.removesuffix(": ")).whole(name, 0) for one in values]

    def numbers(self, name: str) -> list[float]:
        """Return a list's numbers, none if it is not given."""
        value = self._given(name, [])
        return (
            [Settings({name: one}, self.notes, self._owner.removesuffix(": ")).number(name, 0.0) for one in value or []]
            if isinstance(value, list | tuple)
            else []
        )

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._given(name, {})
        if isinstance(value, str):
            value = parsed_json(value, name)
        return value if isinstance(value, dict) else {}

    def raw(self, name: str) -> Any:
        """Return a value as it was found, None if it was not."""
        self._asked.add(name)
        return self._values.get(name)

    def rest(self) -> list[str]:
        """Return the names that nothing asked for."""
        return [name for name in self._values if name not in self._asked]

    def _given(self, name: str, default: Any) -> Any:
        value = self.raw(name)
        if isinstance(value, ast.expr):
            value = Unread(source_of(value))
        if isinstance(value, Unread):
            self.notes.missed.append(f"{name} is `{value.source}`, which only running the code would tell; {default!r} was used.")
            return default
        return value


# Settings that are not read and still change the curve or the number of updates.
_INFLUENTIAL = frozenset(
    (
        "devices", "num_nodes", "num_devices", "num_gpus", "gpus", "n_gpu", "nproc_per_node", "num_processes", "num_machines", "world_size",
        "per_gpu_train_batch_size", "auto_find_batch_size", "split_batches", "accelerator_config", "deepspeed", "limit_train_batches",
        "overfit_batches", "min_epochs", "min_steps", "max_time", "fast_dev_run", "lr_cycle_mul", "lr_cycle_decay", "lr_noise", "lr_noise_pct",
        "lr_noise_std", "epoch_repeats", "start_epoch", "layer_decay",
    )
)  # fmt: skip


def tell_unread(names: Sequence[str], notes: Notes) -> None:
    """Say which settings were not read: first those that matter."""
    matter = [name for name in names if name in _INFLUENTIAL]
    rest = [name for name in names if name not in _INFLUENTIAL]
    for sentence, several in (
        ("Not read, though it changes the curve or the number of updates", matter),
        ("Not read, as far as known without influence on the schedule", rest),
    ):
        if several:
            shown = ", ".join(several[:12]) + (f" and {len(several) - 12} more" if len(several) > 12 else "")
            notes.missed.append(f"{sentence}: {shown}.")


def tell_influential(names: Sequence[str], notes: Notes) -> None:
    """Say which of the settings that were not read matter, and nothing of the others, as they are many and not about the rate."""
    tell_unread([name for name in names if name in _INFLUENTIAL], notes)


def finished(
    name: str, framework: str, schedule: Schedule, training: Training, notes: Notes, rest: Sequence[str], optimizer: Optimizer | None
) -> Configuration:
    """Return what was read; `rest` are the settings that nothing asked for."""
    tell_unread(rest, notes)
    told = (tuple(notes.understood), tuple(notes.assumed), tuple(notes.missed))
    return Configuration(name, framework, schedule, training, *told, optimizer)


def made(name: str, values: Mapping[str, Any]) -> Schedule:
    """Return a schedule by its registered name."""
    return SCHEDULES.create(name, **values)


def source_of(node: ast.expr, longest: int = 60) -> str:
    """Return an expression's source, cut so that a sentence stays readable."""
    try:
        text = ast.unparse(node)
    except RecursionError:
        return "…"
    return text if len(text) <= longest else text[:longest] + "…"
