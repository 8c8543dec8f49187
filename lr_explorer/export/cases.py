"""The schedules and lengths on which every snippet is tried out: by the tests, and by the sentence that says what was tried."""

from collections.abc import Iterator, Mapping
from itertools import product

from lr_explorer.params import Choice, Flag, Formula, Number, Param, Points, Series
from lr_explorer.schedules import SCHEDULES, Schedule

STEPS = (1, 2, 3, 10, 100)

# What every schedule has; its own parameters are found by their kind.
_ALL: tuple[dict[str, object], ...] = (
    {},
    {"peak": 3e-4},
    {"floor": 0.1},
    {"floor": 1.0},
    {"warmup": 1},
    {"warmup": 10, "warmup_start": 0.1},
    {"warmup": 10, "floor": 0.1},
    {"warmup": 100},
    {"warmup": 150, "warmup_start": 0.5},
    {"warmup": 4, "warmup_shape": "cosine", "warmup_start": 0.25},
    {"warmup": 4, "warmup_shape": "exponential"},
    {"warmup": 4, "warmup_shape": "one_minus_sqrt"},
    {"cooldown": 10},
    {"cooldown": 200, "floor": 0.1},
    {"cooldown": 3, "cooldown_shape": "cosine", "warmup": 3},
    {"cooldown": 3, "cooldown_shape": "one_minus_sqrt"},
    {"cooldown": 20, "cooldown_shape": "exponential", "warmup": 10, "warmup_start": 0.5, "floor": 0.05},
)


# Parts with a peak of their own, or with a warm-up that their stage may cut off.
_PARTS: tuple[dict[str, object], ...] = ({"peak": 1.0}, {"peak": 0.5, "warmup": 3, "floor": 0.1})
# Values of parameters that are typed: lists, points, formulas; the formulas need some care at t = 0 or past the end.
_WRITTEN: Mapping[type, tuple[object, ...]] = {
    Series: ((2,), (3, 3, 7), (0, 5, 41), (0.5,), (0.2, 0.8, 0.0)),
    Points: (((0.0, 0.2), (1.0, 1.0)), ((0.1, 0.0), (0.3, 1.0), (0.35, 0.5), (0.9, 0.5))),
    Formula: (
        "1/sqrt(t + 1)", "512^-0.5 * min(t^-0.5, t * 10^-1.5)", "where(t < 5, t/5, 0.5 + 0.5cos(pi t/T))", "mod(t, 7)/7 + e^(-t/T)",
        "min(1, 1/(T - t))", "max(0, 1 - floor(t/7)/3) + abs(0.5 - t/T) + ln(t + 1)/9", "0.3",
    ),
}  # fmt: skip


def variants(name: str) -> Iterator[Schedule]:
    """Yield schedules of this name with different settings; their defaults come first."""
    cls = SCHEDULES[name]
    short = _short(name)
    own = list(_own(name, short))
    tried = (*product(_ALL, ({}, short)), *product(({}, {"warmup": 3, "floor": 0.01}), own), *product(({},), _parts(name, short)))
    for common, special in tried:
        try:
            yield cls(**{**common, **special})  # type: ignore[arg-type,dict-item]
        except ValueError:
            continue  # parameters that do not go together


def _own(name: str, short: dict[str, object]) -> Iterator[dict[str, object]]:
    for key, param in SCHEDULES[name].params().items():
        if key in Schedule.params():
            continue
        if isinstance(param, Choice):
            yield from (short | {key: option} for option in param.options)
        elif isinstance(param, Flag):
            yield short | {key: not param.default}
        elif isinstance(param, Number):
            yield from (short | {key: value} for value in _values(param))
        else:
            yield from (short | {key: value} for value in _WRITTEN[type(param)] if _is_taken(param, value))


def _parts(name: str, short: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield compositions of each kind of part, in one place; what joins the parts does not ask for their kinds."""
    for key, part in SCHEDULES[name].parts().items():
        kinds = [kind for kind in SCHEDULES if kind in part.registry]
        for kind in kinds if key == "second" else kinds[1:5]:
            yield from (short | {key: part.registry[kind](**_short(kind) | more)} for more in _PARTS)


def _is_taken(param: Param, value: object) -> bool:
    try:
        param.check(value, "")
    except ValueError:
        return False
    return True


def _values(param: Number) -> list[float]:
    """Return a few values of a number: lengths that a short run gets past, shares and factors within their slider."""
    if param.whole:
        return [value for value in (0, 1, 2, 7, 41) if param.low <= value <= param.high]
    low, high = param.slider_range
    return [low, high, *([0.5] if low < 0.5 < high else [])]


def _short(name: str) -> dict[str, object]:
    """Return lengths short enough for a test run to see what comes after them, each longer than the one before."""
    params = SCHEDULES[name].params()
    lengths = [key for key, param in params.items() if key not in Schedule.params() and isinstance(param, Number) and param.unit == "updates"]
    return {key: 7 * place for place, key in enumerate(lengths, 1)}
