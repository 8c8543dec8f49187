"""What a case of schedules is: ours with its parameters, and the same in the words of a framework.

Each framework has a file with its table `CASES` and `answer(case)`, which asks the real framework. A line of a table names our schedule,
its parameters – a list stands for alternatives – and the framework's call. The call gets the framework as its first argument, so that
reading the table needs no framework.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.schedules import SCHEDULES, Schedule

PEAK = 0.3
# The shortest runs, where first, second and last update are each other's neighbours, and a longer one.
LENGTHS = [1, 2, 3, 40]
# Warm-ups of a run of WARM updates: none, the shortest two, all but one, all of it, and more than that.
WARM = 12
WARMUPS = [0, 1, 2, 11, 12, 20]


@dataclass(frozen=True)
class Case:
    """of: the framework's name for what `call` makes. quantity: values or momentum."""

    id: str
    of: str
    schedule: Schedule
    steps: int
    call: Callable[..., Any]
    quantity: str

    def ours(self) -> NDArray[np.float64]:
        """Return our rate, or momentum, of every update."""
        return getattr(self.schedule, self.quantity)(self.steps)


def key(of: str, name: str, steps: int, quantity: str = "values", **values: Any) -> str:
    """Return the id of a case: what tells one from another."""
    words = [f"{of}:", *(["momentum of"] if quantity == "momentum" else []), name, f"steps={steps}"]
    return " ".join([*words, *(f"{field}={_short(value)}" for field, value in sorted(values.items()))])


def cases(
    of: str, name: str, call: Callable[..., Any], *, steps: int | list[int] = LENGTHS, quantity: str = "values", **values: Any
) -> Iterator[Case]:
    """Yield a case for every combination of the alternatives; `of`, `call` and `quantity` as in `Case`."""
    alternatives = [value if isinstance(value, list) else [value] for value in values.values()]
    for length, *chosen in product(steps if isinstance(steps, list) else [steps], *alternatives):
        given = dict(zip(values, chosen, strict=True))
        schedule = SCHEDULES.create(name, **{"peak": PEAK} | given)
        yield Case(key(of, name, length, quantity, **given), of, schedule, length, call, quantity)


def _short(value: Any) -> str:
    if isinstance(value, Schedule):
        changed = {name: getattr(value, name) for name, param in value.params().items() if getattr(value, name) != param.default}
        return f"({' '.join([value.name, *(f'{field}={_short(value)}' for field, value in changed.items())])})"
    return str(value).replace(" ", "")
