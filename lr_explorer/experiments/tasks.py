"""Eleven tasks that ask different things of a schedule, and seven schedules for them.

The tasks were chosen to differ, so how often a schedule wins here is a demonstration and says nothing of how often it does elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lr_explorer.experiments.fair import CRITERIA, Criterion, usual_criterion
from lr_explorer.experiments.measures import Measure, below
from lr_explorer.noise import NOISES, Gaussian, Noise
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.start import Circle, Point, Start
from lr_explorer.surfaces import SURFACES, Surface


@dataclass(frozen=True)
class Task:
    """A scenario whose only arm lends its optimizer to all schedules. asks: what is special about it. measure: what counts as solved."""

    label: str
    asks: str
    scenario: Scenario
    measure: Measure

    @property
    def criterion(self) -> Criterion:
        """What peaks are tuned by: what is usual for the surface, but never a rate at which more than a tenth of the replicates diverges."""
        usual = usual_criterion(self.scenario)
        return CRITERIA["steady"] if usual is CRITERIA["median"] else usual


@dataclass(frozen=True)
class Contender:
    """A schedule for runs of any length. short: its label where there is little room. says: what it does. made: it, for so many steps."""

    label: str
    short: str
    says: str
    made: Callable[[int], Schedule]


def _task(label: str, asks: str, surface: Surface, start: Start | None, noise: float | Noise, steps: int, enough: float, peak: float = 0.1) -> Task:
    """Return a task. start: by default the surface's. noise: a kind, or the σ of Gaussian noise. peak: where the grid of rates has its middle."""
    noise = noise if isinstance(noise, Noise) else Gaussian(sigma=noise)
    arm = Arm("Constant", optimizer=OPTIMIZERS.create("sgd"), schedule=SCHEDULES.create("constant", peak=peak))
    start = start or Point(*surface.start)
    return Task(label, asks, Scenario(surface=surface, start=start, noise=noise, arms=(arm,), steps=steps), below(enough))


def _circle(radius: float, y: float = 0.0) -> Circle:
    return Circle(x=0.0, y=y, radius=radius)


def _batches(size: int) -> Noise:
    return NOISES.create("minibatch", size=size)


_BOWL = SURFACES.create("quadratic")

TASKS: dict[str, Task] = {
    "noisy_bowl": _task("Noisy bowl", "steps must shrink for the noise to average out", _BOWL, _circle(4.0), 1.0, 300, 0.01),
    "exact_bowl": _task("Noise-free bowl", "exact gradients: nothing is gained by smaller steps", _BOWL, _circle(4.0), 0.0, 100, 1e-6),
    "quartic": _task("Quartic bowl", "sharply curved at the start, flat at the minimum", SURFACES.create("quartic"), _circle(4.0), 0.01, 200, 1e-4),
    "funnel": _task("Log-cosh funnel", "flat far away, sharp at the minimum", SURFACES.create("logcosh", k=50.0), _circle(8.0), 0.1, 100, 1e-4),
    "river": _task("River valley", "a long way to go, and noise on the banks", SURFACES.create("river"), Point(-4.0, 0.0), 1.0, 600, 0.2),
    # A start that all replicates share would make a lottery of this: at some rates the first step lands close to the minimum.
    "rosenbrock": _task("Rosenbrock", "a bent valley with steep walls", SURFACES.create("rosenbrock", b=10.0), _circle(2.0, 1.0), 0.1, 300, 0.01),
    "double_well": _task("Double well", "begins in the shallow well", SURFACES.create("double_well"), None, 2.0, 1000, 0.05),
    "iris": _task(
        "Iris real", "real labels in batches of 5: their noise never ends", SURFACES.create("iris_regression"), _circle(1.5), _batches(5), 500, 1e-3
    ),
    "iris_fitted": _task(
        "Iris fitted",
        "fitted labels in batches of 5: their noise ends at the minimum",
        SURFACES.create("iris_regression", mix=0.0),
        _circle(1.5),
        _batches(5),
        500,
        1e-6,
    ),
    "iris_logistic": _task(
        "Iris logistic", "batches of 10, and flat around the minimum", SURFACES.create("iris_logistic"), None, _batches(10), 300, 1e-3, 1.0
    ),
    "plateau": _task("Plateau", "nearly flat at the start, sharp at the minimum", SURFACES.create("plateau"), _circle(4.0), 0.1, 120, 1e-3, 1.0),
}

CONTENDERS: dict[str, Contender] = {
    "constant": Contender("Constant", "Const.", "stays at its peak", lambda steps: SCHEDULES.create("constant")),
    "cosine": Contender("Cosine", "Cosine", "falls to 0 along half a wave", lambda steps: SCHEDULES.create("cosine")),
    "exponential": Contender(
        "Exponential",
        "Exp.",
        "falls to 1 %, by the same share each step",
        lambda steps: SCHEDULES.create("exponential", gamma=0.01 ** (1 / (steps - 1))),
    ),
    "inverse_time": Contender(
        "Inverse time", "1/t", "falls to a 21st as 1/(1 + 20t/T)", lambda steps: SCHEDULES.create("inverse_time", decay_rate=20 / steps)
    ),
    "wsd": Contender("WSD", "WSD", "holds its peak and falls over the last 20 %", lambda steps: SCHEDULES.create("wsd", decay=0.2)),
    "warmup_cosine": Contender(
        "Warm-up cosine", "W-cos.", "rises over the first 10 %, then a cosine", lambda steps: SCHEDULES.create("cosine", warmup=steps // 10)
    ),
    "one_cycle": Contender(
        "One-cycle", "1-cyc.", "rises from a 25th over 30 %, then falls", lambda steps: SCHEDULES.create("one_cycle", pct_start=0.3, div_factor=25.0)
    ),
}


def contending(task: str, contender: str) -> Arm:
    """Return the arm that a contender has in a task, with the task's own peak rate."""
    scenario = TASKS[task].scenario
    (arm,) = scenario.arms
    made = CONTENDERS[contender]
    return arm.with_values(name=made.label, schedule=made.made(scenario.steps).with_values(peak=arm.schedule.peak))
