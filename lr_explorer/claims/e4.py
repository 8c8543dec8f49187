"""E4, cyclical rates: exploration and exploitation in turn."""

from dataclasses import replace
from functools import partial

from lr_explorer.claims.base import Claim, Experiment, Kind, Knob, Theory, Tuned
from lr_explorer.claims.effects import LowerLoss, MoreOften
from lr_explorer.claims.readings import answer, final_loss
from lr_explorer.claims.views.cycles import snapshots
from lr_explorer.claims.views.losses import losses
from lr_explorer.experiments.measures import Measure, below, best_checkpoint
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Circle
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

_STEPS, _CYCLES, _NEAR = 2000, 10, 0.1
_FINAL, _BEST = below(_NEAR), best_checkpoint(_CYCLES, _NEAR)


def _wells(*arms: Arm) -> tuple[Scenario, ...]:
    return (scene(SURFACES.create("styblinski_tang"), _STEPS, 1.0, *arms),)


def _restarts(peak: float) -> Arm:
    return arm("Restarts", "cosine_restarts", peak, t_0=_STEPS // _CYCLES)


def _tuned(*measures: Measure) -> Tuned:
    return Tuned("success", measures, count=60, per_decade=8)


_DRAWS = Theory(
    r"P(\text{best of } k) \le 1 - (1 - p)^k",
    "If cycles were independent draws with chance p each, the best of k would be good that often; as each begins where the last one ended, less.",
    "Loshchilov & Hutter (2017), arXiv 1608.03983; Huang et al. (2017), Snapshot ensembles, arXiv 1704.00109.",
)


def _judged(experiment: Experiment, which: str) -> Experiment:
    if which == "best of ten":
        return experiment
    return replace(experiment, readings=(partial(answer, measure=_FINAL),), tuned=_tuned(_FINAL), effect=MoreOften(_FINAL.says))


_snapshots = Experiment(
    name="snapshots",
    label="The best of ten cycle ends",
    says="The best of ten ends of cycles is near the lowest loss more often than the cosine's last point, each tuned",
    scenarios=_wells(_restarts(0.766), arm("Cosine", "cosine", 0.766)),
    readings=(partial(answer, measure=_BEST), partial(answer, measure=_FINAL)),
    effect=MoreOften(f"had a saved point within {_NEAR:g} of the lowest loss"),
    expected=Status.SUPPORTED,
    count=300,
    tuned=_tuned(_BEST, _FINAL),
    theory=_DRAWS,
    pictures=(partial(snapshots, near=_NEAR),),
    knob=Knob(
        "Which of the restarts' points is judged", ("best of ten", "last one"), _judged, "best of ten", "The cosine has its last point.", spelled=str
    ),
    why="Every restart throws the run out again, and each cycle's end is another draw: ten draws beat one.",
)
_checkpoints = _snapshots.but(
    "checkpoints",
    "Ten saved points for both",
    "The best of ten ends of cycles is near the lowest loss more often than the best of the cosine's ten checkpoints, each tuned",
    Status.SUPPORTED,
    kind=Kind.CLAIM,
    readings=(partial(answer, measure=_BEST),),
    tuned=_tuned(_BEST),
    why="The cosine's checkpoints are not at rest, and all late ones are in the same well.",
)
_last = Experiment(
    name="last_point",
    label="The last point alone",
    says="Restarts end near the lowest loss more often than the cosine, at the same peak",
    scenarios=_wells(_restarts(0.8), arm("Cosine", "cosine", 0.8)),
    readings=(partial(answer, measure=_FINAL),),
    effect=MoreOften(_FINAL.says),
    expected=Status.REVERSED,
    kind=Kind.COUNTER,
    count=600,
    margin=0.0,
    theory=_DRAWS,
    pictures=(partial(snapshots, near=_NEAR),),
    why="The last cycle has a tenth of the updates to find its well; what the cycles before it found is thrown away.",
)

CLAIM = Claim(
    "E4",
    "Cyclical rates",
    "Rates that rise and fall in cycles balance exploration and exploitation.",
    "Four wells, a start in the worst. Restarts save the end of each of ten cycles, the cosine its last point. Whose best is good more often?",
    (
        _snapshots,
        _checkpoints,
        _checkpoints.but(
            "constant",
            "Ten saved points, against a constant rate",
            "The best of ten ends of cycles is near the lowest loss more often than the best of a constant rate's ten checkpoints, each tuned",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_wells(_restarts(0.766), arm("Constant", "constant", 0.559)),
            why="A constant rate explores all the time and never comes to rest.",
        ),
        _last,
        _last.but(
            "last_point_tuned",
            "The last point, each tuned",
            "Restarts end near the lowest loss more often than the cosine, each tuned",
            Status.REVERSED,
            tuned=replace(_tuned(_FINAL), count=150),
            why="Tuned for their last point restarts lose less, but they lose: what a cycle finds is thrown away by the next.",
        ),
        Experiment(
            name="bowl",
            label="Where there is nothing to explore",
            says="Restarts end lower than the cosine, each tuned",
            scenarios=(
                scene(
                    SURFACES.create("quadratic"),
                    300,
                    1.0,
                    arm("Cosine", "cosine", 0.0754),
                    arm("Restarts", "cosine_restarts", 0.0754, t_0=60),
                    start=Circle(x=0.0, y=0.0, radius=4.0),
                ),
            ),
            readings=(final_loss,),
            effect=LowerLoss(),
            expected=Status.REVERSED,
            kind=Kind.COUNTER,
            tuned=Tuned(),
            pictures=(losses,),
            why="In a single bowl every restart only brings the noise back, and the last cycle has to calm it in a fifth of the time.",
        ),
    ),
    "Cycles pay when their ends are kept: as a balance within one run, judged by its last point, they lose.",
)
