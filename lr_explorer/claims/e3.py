"""E3, fine-tuning: rates of their own for layers."""

from dataclasses import replace

from lr_explorer.claims.base import Claim, Experiment, Knob, Theory, Tuned, link_knob
from lr_explorer.claims.effects import LowerLoss, Number, gain, mean
from lr_explorer.claims.readings import final_loss, new_rows_loss
from lr_explorer.claims.views.layers import conditions, transfers
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Circle
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

# How many times one coordinate's rate the other's may be; 1 is the shared rate.
_RATIOS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0)


def _ratios(arm: Arm) -> tuple[Arm, ...]:
    """Return an arm whose coordinates have rates of their own with every ratio between them."""
    if arm.rate_x == arm.rate_y:
        return (arm,)
    return tuple(replace(arm, rate_x=ratio**0.5, rate_y=ratio**-0.5) for ratio in _RATIOS)


ROUNDER = Theory(
    r"\min_D \kappa\left(D^{1/2} H D^{1/2}\right) = \frac{1 + r}{1 - r},\quad r = \frac{|h_{xy}|}{\sqrt{h_{xx} h_{yy}}}",
    "What a rate for each coordinate can do about a valley: everything along the axes, nothing at 45°.",
    "Forsythe & Straus (1955); van der Sluis (1969).",
)

_layers = Experiment(
    name="layers",
    label="A rate for each coordinate",
    says="A rate for each coordinate ends lower than one shared rate, both tuned",
    scenarios=(
        scene(
            SURFACES.create("quadratic", lambda1=0.5, lambda2=20.0),
            100,
            0.1,
            arm("One rate for both", "constant", 0.0776),
            arm("A rate for each", "constant", 0.0237, rates=(40**0.5, 40**-0.5)),
            start=Circle(x=0.0, y=0.0, radius=4.0),
        ),
    ),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    tuned=Tuned(variants=_ratios),
    theory=ROUNDER,
    pictures=(conditions,),
    why="Two coordinates whose curvatures differ 40-fold stand for two layers; rates in the inverse ratio turn the valley into a round bowl.",
    knob=link_knob(
        "surface.angle", "Rotation of the valley, degrees", (0.0, 10.0, 22.5, 35.0, 45.0), 0.0, "At 45° both coordinates feel both curvatures."
    ),
)


def _tasks(shift: float) -> tuple[Scenario, ...]:
    """Return fine-tuning at two rates, begun where pretraining on a task `shift` away ended."""
    arms = arm("One rate for both", "constant", 0.1), arm("Slow backbone", "constant", 0.1, rates=(0.1, 1.0))
    return (scene(SURFACES.create("fine_tuning", shift=shift), 100, 0.0, *arms),)


def _moved(experiment: Experiment, shift: float) -> Experiment:
    return experiment.with_scenarios(_tasks(shift))


_transfer = Experiment(
    name="fine_tuning",
    label="Fine-tuning with a slow backbone",
    says="A tenth of the rate for the backbone ends closer to what new rows need",
    scenarios=_tasks(0.1),
    readings=(new_rows_loss,),
    effect=Number("Loss on new rows that is saved", gain, mean),
    expected=Status.SUPPORTED,
    count=100,
    own="surface.draw",
    theory=Theory(
        r"\tfrac12\left[\Delta^2(1 - \eta\lambda)^{2T} + \tfrac{s^2}{n\lambda}\left(1 - (1 - \eta\lambda)^T\right)^2\right]",
        "What is left of the distance, and what the labels' errors have taught by then: a slow layer keeps both.",
        "Least squares; Howard & Ruder (2018), arXiv 1801.06146; Kumar et al. (2022), arXiv 2202.10054.",
    ),
    pictures=(transfers,),
    why="The backbone was nearly right; a small rate keeps it from what sixteen noisy labels would teach it.",
    knob=Knob(
        "How far the task changed, Δ",
        (0.0, 0.1, 0.3, 0.5, 0.6, 0.8, 1.0),
        _moved,
        0.1,
        "The farther the new task is from the old one, the farther the backbone has to move.",
    ),
)

CLAIM = Claim(
    "E3",
    "Fine-tuning",
    "Fine-tuning a pretrained model uses different rates for different layers instead of one falling rate.",
    "A valley along one axis, its two coordinates standing for two layers. Does a rate for each end lower than the best shared one?",
    (
        _layers,
        _layers.but(
            "rotated",
            "The same valley, rotated by 45°",
            _layers.says,
            Status.REFUTED,
            surface__angle=45.0,
            why="Both coordinates now feel both curvatures, and no pair of rates makes the valley rounder: the best ratio is 1.",
        ),
        _transfer,
        _transfer.but(
            "far_task",
            "A task far from the old one",
            _transfer.says,
            Status.REVERSED,
            scenarios=_tasks(1.0),
            why="Now the backbone is wrong itself and has a long way to go, which the small rate does not let it.",
        ),
    ),
)
