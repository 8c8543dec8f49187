"""M4, smaller steps near the minimum: they settle closer to it."""

from functools import partial
from typing import Any

from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, link_knob
from lr_explorer.claims.effects import Deviation, Number, mean, mean_of, slope
from lr_explorer.claims.readings import floor_share, median_loss
from lr_explorer.claims.views.floors import floors, heights
from lr_explorer.clipping import CLIPPINGS
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.noise import NOISES, Noise
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Circle
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

_ROUND = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0, box=0.8)
_RATES = (0.005, 0.01, 0.02, 0.04, 0.08)


def _hovering(noise: float | Noise, radius: float, optimizer: str = "sgd", **more: Any) -> tuple[Scenario, ...]:
    arms = [arm(f"η = {rate:g}", "constant", rate, optimizer).with_values(**more) for rate in _RATES]
    return (scene(_ROUND, 2000, noise, *arms, start=Circle(x=0.0, y=0.0, radius=radius)),)


def _stable(tail: float) -> Noise:
    return NOISES.create("stable", sigma=0.1, tail=tail)


_STATIONARY = Theory(
    r"\mathbb E f = \sum_i \frac{\eta\sigma^2}{2(2 - \eta\lambda_i)}",
    "The loss at which SGD with a constant rate hovers on a quadratic: proportional to η where that is small.",
    "Mandt, Hoffman & Blei (2017), exact in η.",
)
_TAILS = Theory(
    r"\text{median loss} \propto \eta^{2(1 - 1/\alpha)}",
    "Only the slope is predicted: the line is laid through the marks' middle.",
    "From scale^α = (ησ)^α/(1 − |1 − ηλ|^α): Samorodnitsky & Taqqu (1994); on clipping Zhang et al. (2020), arXiv 1912.03194.",
)

_floor = Experiment(
    name="floor",
    label="The height at which a run hovers",
    says="The loss at which a constant rate hovers falls with the rate, faster than its root",
    scenarios=_hovering(1.0, 0.2),
    readings=(median_loss,),
    effect=Number("Slope of log loss over log η", partial(slope, at=_RATES), mean),
    expected=Status.SUPPORTED,
    count=100,
    margin=0.5,
    theory=_STATIONARY,
    pictures=(floors,),
    why="Each update brings in noise of variance η²σ² and takes away a share 2ηλ of what is there: what is left is proportional to η.",
    knob=link_knob("noise.sigma", "Noise σ", (0.0, 0.001, 0.1, 1.0), 1.0, "At 0 the largest rate comes closest."),
)
_tails = _floor.but(
    "heavy_tails",
    "Heavier tails",
    _floor.says,
    Status.SUPPORTED,
    kind=Kind.CLAIM,
    scenarios=_hovering(_stable(1.5), 1.0),
    theory=_TAILS,
    why="Under α-stable noise the loss at which a run hovers goes like η^(2 − 2/α): for α = 1.5 like η^⅔.",
    knob=link_knob("noise.tail", "Stability index α", (1.0, 1.2, 1.5, 1.8, 2.0), 1.5, "At 2 the noise is normal, at 1 Cauchy's."),
)


def _steep(*arms: Arm) -> Scenario:
    return scene(SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0), 2000, 1.0, *arms, start=Circle(x=0.0, y=0.0, radius=0.2))


_height = Experiment(
    name="floor_height",
    label="How high exactly",
    says="The mean loss at which SGD hovers is what theory says",
    scenarios=(_steep(*(arm(f"η = {rate:g}", "constant", rate) for rate in (0.01, 0.02, 0.04, 0.07, 0.1))),),
    readings=(floor_share,),
    effect=Deviation("Mean loss ÷ the floor of theory", mean_of, mean),
    expected=Status.SUPPORTED,
    count=100,
    needless=True,
    theory=_STATIONARY,
    pictures=(heights,),
    why="On a quadratic with noise of one size theory is exact at every rate.",
)
_IRIS = SURFACES.create("iris_regression")

CLAIM = Claim(
    "M4",
    "Smaller steps near convergence",
    "Near the minimum smaller rates make smaller updates and end closer to it.",
    "Five constant rates hover around the minimum of a noisy bowl. Is the loss at which they hover smaller for the smaller ones?",
    (
        _floor,
        _height,
        _height.but(
            "floor_heavy_ball",
            "How high exactly, with momentum",
            "The mean loss at which the heavy ball hovers is what theory says",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=(_steep(*(arm(f"η = {rate:g}", "constant", rate, "heavy_ball") for rate in (0.002, 0.005, 0.01, 0.02))),),
            theory=Theory(
                r"\mathbb E f = \sum_i \frac{\eta\sigma^2 (1 + \beta)}{2(1 - \beta)\left(2(1 + \beta) - \eta\lambda_i\right)}",
                "Momentum β raises the floor as a rate 1/(1 − β) times as high would.",
                "Mandt, Hoffman & Blei (2017), exact in η.",
            ),
            why="Noise is carried on by the momentum, and adds up over 1/(1 − β) updates.",
        ),
        _height.but(
            "floor_batches",
            "How high exactly, on mini-batches",
            "The mean loss at which SGD on mini-batches hovers is what theory says",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=(
                scene(
                    _IRIS,
                    2000,
                    NOISES.create("minibatch", size=5),
                    *(arm(f"η = {rate:g}", "constant", rate) for rate in (0.02, 0.04, 0.06)),
                    start=Circle(x=_IRIS.minima[0].point[0], y=_IRIS.minima[0].point[1], radius=0.1),
                ),
            ),
            theory=Theory(
                r"C = (1 - \eta H)C(1 - \eta H) + \eta^2 k\left(\mathbb E[(h - H)C(h - H)] + \Sigma\right)",
                "The covariance of the points reproduces itself: noise of the labels, Σ, and noise that grows with the distance, the part with h.",
                "The stationary equation of least squares on batches, exact; k = (n − B)/(B(n − 1)) without replacement.",
            ),
            why="Rows disagree even at the minimum, and the more so the farther the run is from it.",
        ),
        _floor.but(
            "no_noise",
            "Without noise",
            _floor.says,
            Status.REVERSED,
            noise__sigma=0.0,
            why="Without noise there is no floor: after the same number of updates the larger rate is closer.",
        ),
        _floor.but(
            "fading_noise",
            "Noise that fades with the gradient",
            _floor.says,
            Status.REVERSED,
            scenarios=_hovering(NOISES.create("proportional", share=0.5), 1.0),
            why="Where the noise ends with the gradient, as in models that fit all their data, nothing keeps a large rate from converging.",
        ),
        _tails,
        _tails.but(
            "cauchy",
            "Tails without a mean",
            _floor.says,
            Status.REFUTED,
            noise__tail=1.0,
            why="Cauchy noise is dominated by its largest jolt: any rate hovers at the same height.",
        ),
        _tails.but(
            "cauchy_clipped",
            "The same, clipped",
            _floor.says,
            Status.SUPPORTED,
            kind=Kind.RESTORED,
            scenarios=_hovering(_stable(1.0), 1.0, clipping=CLIPPINGS.create("norm", max_norm=1.0)),
            why="With the gradient clipped at 1 a jolt has a largest size, and the floor is proportional to the rate again.",
        ),
        _floor.but(
            "sign_descent",
            "A floor without noise",
            "The loss at which sign descent hovers without noise falls with the square of the rate",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_hovering(0.0, 1.0, "sign_sgd"),
            effect=Deviation("Slope of log loss over log η", partial(slope, at=_RATES), mean, predicted=2.0),
            margin=0.1,
            needless=True,
            theory=Theory(
                r"\mathbb E f = \tfrac16\eta^2\sum_i\lambda_i",
                "Each coordinate ends jumping between u and u − η, with u anywhere in (0, η).",
                "The mean square of a uniform number; Bernstein et al. (2018) on sign descent.",
            ),
            why="Every step of sign descent has length η in each coordinate, so it ends within η of the minimum and no closer.",
        ),
    ),
)
