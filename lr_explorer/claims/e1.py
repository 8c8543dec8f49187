"""E1, no reduction needed: a constant rate or a one-cycle may be the right one."""

from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, Tuned, link_knob
from lr_explorer.claims.effects import LowerLoss
from lr_explorer.claims.readings import final_loss
from lr_explorer.claims.views.fading import halvings
from lr_explorer.claims.views.losses import losses
from lr_explorer.claims.views.stability import gauge
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.noise import NOISES
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Circle
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES
from lr_explorer.surfaces.bowls import Quadratic

_CONSTANT, _COSINE, _WSD = arm("Constant", "constant", 0.1051), arm("Cosine", "cosine", 0.1132), arm("WSD", "wsd", 0.11)
_BOWL = Quadratic()
_RING = Circle(x=0.0, y=0.0, radius=4.0)
# From one point alone it would hang on whether a first long step happens to land in the valley.
_ANYWHERE = Circle(x=0.0, y=0.0, radius=2.0)


def _iris(mix: float, *arms: Arm) -> tuple[Scenario, ...]:
    surface = SURFACES.create("iris_regression", mix=mix)
    x, y = surface.minima[0].point
    return (scene(surface, 500, NOISES.create("minibatch", size=5), *arms, start=Circle(x=x, y=y, radius=1.5)),)


def _bowl(steps: int, sigma: float, *arms: Arm) -> tuple[Scenario, ...]:
    return (scene(_BOWL, steps, sigma, *arms, start=_RING),)


_FITTED = Theory(
    r"\mathbb E f_{t+1} \le \rho\,\mathbb E f_t,\quad \rho < 1",
    "Noise in proportion to the distance has no floor: below an edge of its own, a rate shrinks the expected loss by the factor ρ in every update. "
    "Past that edge, where the tuned rates may lie, typical runs go on shrinking while rare ones grow, and these carry the expectation, which the "
    "dashed lines follow exactly.",
    "Ma, Bassily & Belkin (2018), arXiv 1712.06559.",
)

_interpolated = Experiment(
    name="interpolated",
    label="Labels that can be fitted exactly",
    says="A constant rate needs no cosine",
    scenarios=_iris(0.0, _CONSTANT, _COSINE),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    needless=True,
    tuned=Tuned(count=60, per_decade=8),
    theory=_FITTED,
    pictures=(losses, halvings),
    why="Where every label can be fitted, the noise of mini-batches ends at the minimum by itself, and a rate that falls only slows down.",
    knob=link_knob("surface.mix", "Real labels", (0.0, 0.01, 0.1, 0.5, 1.0), 0.0, "1: the labels as measured. 0: those that a line fits exactly."),
)
_exact = _interpolated.but(
    "exact",
    "Exact gradients",
    "A constant rate needs no cosine",
    Status.SUPPORTED,
    kind=Kind.CLAIM,
    scenarios=_bowl(100, 0.0, arm("Constant", "constant", 0.1766), arm("Cosine", "cosine", 0.2581)),
    pictures=(losses,),
    knob=link_knob("noise.sigma", "Noise σ", (0.0, 0.01, 0.1, 1.0), 0.0, "The more noise there is at the end, the more a falling rate has to calm."),
    tuned=Tuned(),
    theory=Theory(
        r"x_{i,T} = x_{i,0}\textstyle\prod_t(1 - \eta_t\lambda_i)",
        "The best rates in any order are Chebyshev's, far better than any constant one – but no falling schedule comes near them.",
        "Young (1953).",
    ),
    why="Without noise there is nothing to calm: every update at the best rate shrinks the distance by the same factor.",
)
_one_cycle = Experiment(
    name="one_cycle",
    label="One-cycle on a bowl that flattens",
    says="The one-cycle ends lower than the cosine, each tuned",
    scenarios=(scene(SURFACES.create("quartic"), 200, 0.01, arm("Cosine", "cosine", 0.1253), arm("One-cycle", "one_cycle", 1.271), start=_RING),),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    tuned=Tuned("quantile90"),
    theory=Theory(
        r"\eta_t\,\lambda_{\max}(x_t) < 2",
        "A peak that is reached late may be as high as the curvature of that place allows.",
        "Smith & Topin (2019), arXiv 1708.07120; Gilmer et al. (2021).",
    ),
    pictures=(gauge, losses),
    why="It begins 25 times lower and reaches its peak only when the curvature has fallen.",
)

CLAIM = Claim(
    "E1",
    "No reduction needed",
    "Not every task needs reduction: a constant rate or a one-cycle schedule may be the right one.",
    "Linear regression in mini-batches, with labels that a line fits exactly, both schedules tuned. Does the cosine gain anything?",
    (
        _interpolated,
        _interpolated.but(
            "interpolated_wsd",
            "The same against WSD",
            "A constant rate needs no WSD",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_iris(0.0, _CONSTANT, _WSD),
            why="WSD falls only in the last fifth, so it loses less.",
        ),
        _interpolated.but(
            "real_labels",
            "The labels as they were measured",
            _interpolated.says,
            Status.REFUTED,
            surface__mix=1.0,
            why="Real labels contradict each other: mini-batches go on to disagree at the minimum, and only a falling rate makes peace between them.",
        ),
        _exact,
        _exact.but(
            "exact_wsd",
            "Exact gradients, against WSD",
            "A constant rate needs no WSD",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_bowl(100, 0.0, arm("Constant", "constant", 0.1766), arm("WSD", "wsd", 0.2055)),
            tuned=Tuned(count=60, per_decade=80),
            why="The fall at the end costs little and gains nothing.",
        ),
        _exact.but(
            "exact_chebyshev",
            "Exact gradients, against the best rates of all",
            "A constant rate needs no rates that change",
            Status.REFUTED,
            scenarios=_bowl(
                100, 0.0, arm("Constant", "constant", 0.1766), arm("Chebyshev", "chebyshev", 1 / _BOWL.lambda1, lowest=_BOWL.lambda1 / _BOWL.lambda2)
            ),
            tuned=None,
            knob=link_knob(
                "noise.sigma",
                "Noise σ",
                (0.0, 0.01, 0.1, 1.0),
                0.0,
                "Its large steps, far above 2/λ, magnify noise: they need exact gradients.",
            ),
            theory=Theory(
                r"\prod_{t=1}^T(1 - \eta_t\lambda) = \frac{T_T\left((c - \lambda)/r\right)}{T_T(c/r)},\quad "
                r"c = \tfrac{\lambda_1 + \lambda_2}{2},\ r = \tfrac{\lambda_2 - \lambda_1}{2}",
                "No rates leave less of the distance at the worst curvature between λ₁ and λ₂. Many are above 2/λ₂; large and small ones are mixed. "
                "They are not tuned here: theory gives them.",
                "Young (1953); Agarwal, Goel & Zhang (2021), arXiv 2103.01338.",
            ),
            why="Each large step undoes what the small ones leave. That is a changing rate, and not a falling one.",
        ),
        _one_cycle,
        _one_cycle.but(
            "one_cycle_valley",
            "One-cycle in a bent valley",
            _one_cycle.says,
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=(
                scene(
                    SURFACES.create("rosenbrock", b=10.0),
                    300,
                    0.1,
                    arm("Cosine", "cosine", 0.01),
                    arm("One-cycle", "one_cycle", 0.02),
                    start=_ANYWHERE,
                ),
            ),
            tuned=Tuned(),
            why="The valley's floor curves less than its entrance, so a late peak may be higher than an early one.",
        ),
        _one_cycle.but(
            "one_cycle_bowl",
            "One-cycle on a noisy bowl of constant curvature",
            _one_cycle.says,
            Status.REFUTED,
            scenarios=_bowl(300, 1.0, arm("Cosine", "cosine", 0.0754), arm("One-cycle", "one_cycle", 0.0754)),
            tuned=Tuned(),
            theory=None,
            pictures=(losses,),
            why="Where the curvature is the same everywhere nothing is gained by beginning low.",
        ),
    ),
)
