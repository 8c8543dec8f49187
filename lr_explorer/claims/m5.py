"""M5, adaptation to the landscape: large steps over steep gradients first, smaller ones in flatter regions."""

import numpy as np

from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, Tuned, link_knob
from lr_explorer.claims.effects import Deviation, LowerLoss, Number, only, ratio, short_of
from lr_explorer.claims.readings import edge_share, final_loss, final_sharpness
from lr_explorer.claims.views.losses import losses
from lr_explorer.claims.views.stability import gauge, throws
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Circle, Point
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import curvatures

_RING = Circle(x=0.0, y=0.0, radius=4.0)
# A run can diverge at rates that suit the others: the tuning looks at the worse ones.
_WORSE = Tuned("quantile90")
_CONSTANT, _COSINE = arm("Constant", "constant", 0.1253), arm("Cosine", "cosine", 0.1253)
_WARM = arm("Warm-up + cosine", "cosine", 1.271, warmup=20)


def _steep(*arms: Arm) -> tuple[Scenario, ...]:
    return (scene(SURFACES.create("power_bowl", power=4.0), 200, 0.01, *arms, start=_RING),)


def _river(*arms: Arm) -> tuple[Scenario, ...]:
    return (scene(SURFACES.create("river"), 600, 1.0, *arms, start=Point(-4.0, 0.0)),)


def _sharp(surface: str, start: tuple[float, float], minimum: tuple[float, float], steps: int, *shares: float) -> tuple[Scenario, ...]:
    """Return arms at multiples of the largest stable rate of a minimum, begun around a start beside it without noise."""
    made = SURFACES.create(surface)
    edge = 2 / float(curvatures(made, np.array(minimum))[1])
    arms = [arm(f"{share:g} × 2/λ", "constant", float(f"{share * edge:.4g}")) for share in shares]
    return (scene(made, steps, 0.0, *arms, start=Circle(x=start[0], y=start[1], radius=0.02)),)


_EDGE = Theory(
    r"\eta_t\,\lambda_{\max}(x_t) < 2",
    "The stable rate is the inverse of the curvature, not of the slope: where the curvature falls along the way a rate may rise, where it grows it "
    "has to fall.",
    "Cohen et al. (2021), arXiv 2103.00065; Gilmer et al. (2021), arXiv 2110.04369.",
)
_VALLEY = Theory(
    r"\text{way along the river} \propto \textstyle\sum_t \eta_t,\qquad \text{height above it} \propto \eta_T",
    "The dashed lines follow mean and covariance of the runs through every update, taking their points to be normally distributed.",
    "Wen et al. (2024), arXiv 2410.05192; moment closure: Särkkä (2013).",
)

_flattening = Experiment(
    name="flattening",
    label="Steep first, flat later",
    says="The cosine ends lower than a constant rate, each tuned",
    scenarios=_steep(_CONSTANT, _COSINE),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.REVERSED,
    tuned=_WORSE,
    theory=_EDGE,
    pictures=(gauge, losses),
    why="Steep is not what limits the rate, curved is: on x⁴ curvature falls on the way down: the stable rate grows, and a falling one wastes it.",
    knob=link_knob("surface.power", "Power q of the bowl |x|^q", (2.0, 2.5, 3.0, 4.0, 6.0), 4.0, "At 2 the curvature is the same everywhere."),
)
_wsd = Experiment(
    name="river_wsd",
    label="A river valley: late and short",
    says="WSD, which holds its rate and drops it at the end, ends lower than a constant rate, each tuned",
    scenarios=_river(arm("Constant", "constant", 0.0809), arm("WSD", "wsd", 0.0968)),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    tuned=Tuned(),
    theory=_VALLEY,
    pictures=(losses,),
    why="How far a run comes along the river is the sum of its rates; how high above the bed it ends is its last ones.",
)
_catapult = Experiment(
    name="catapult",
    label="Thrown to a flatter minimum",
    says="A rate above 2/λ of the start ends at a minimum of less curvature than a low one",
    scenarios=_sharp("product", (5.0, 0.06), (5.0, 0.2), 1000, 0.2, 1.5),
    readings=(final_sharpness,),
    effect=Number("log₂ of the final curvatures' ratio", ratio),
    expected=Status.SUPPORTED,
    theory=Theory(
        r"\frac2\lambda < \eta < \frac4\lambda",
        "Between these the loss of two linear layers first grows, and growth pushes the curvature down until the rate fits.",
        "Lewkowycz et al. (2020), arXiv 2003.02218.",
    ),
    pictures=(gauge, throws),
    why="The run grows until it is thrown along the line of minima to where the curvature fits the rate: it adapts to the rate, not the rate to it.",
)

CLAIM = Claim(
    "M5",
    "Adaptation to the landscape",
    "Large steps overcome steep slopes first; smaller ones then find the way through flatter regions.",
    "A bowl that is steep far out and flat near its minimum, both schedules tuned. Which one ends lower?",
    (
        _flattening,
        _flattening.but(
            "sharpening",
            "Flat first, sharp at the end",
            "The cosine ends lower than a constant rate, each tuned",
            Status.SUPPORTED,
            scenarios=(
                scene(
                    SURFACES.create("logcosh", k=50.0),
                    100,
                    0.1,
                    arm("Constant", "constant", 0.1),
                    arm("Cosine", "cosine", 0.3),
                    start=Circle(x=0.0, y=0.0, radius=8.0),
                ),
            ),
            tuned=Tuned(),
            why="Here the curvature is at the bottom, and the rate has to fall for it: the claim holds where the landscape sharpens.",
        ),
        _flattening.but(
            "warm_up",
            "Warm-up, the other way round",
            "The cosine ends lower than one that is warmed up to, each tuned",
            Status.REVERSED,
            kind=Kind.CLAIM,
            scenarios=_steep(_WARM, _COSINE),
            why="Warm-up waits until the landscape has flattened, and may then use a peak ten times as high.",
        ),
        _flattening.but(
            "warm_up_constant",
            "Warm-up against a constant rate",
            "Warm-up and cosine end lower than a constant rate, each tuned",
            Status.SUPPORTED,
            kind=Kind.RESTORED,
            scenarios=_steep(_CONSTANT, _WARM),
            why="A rate that rises while the curvature falls, and falls only then, does adapt to this landscape.",
        ),
        _wsd,
        _wsd.but(
            "river_cosine",
            "A river valley: falling early",
            "A constant rate ends lower than the cosine, each tuned",
            Status.SUPPORTED,
            kind=Kind.COUNTER,
            scenarios=_river(arm("Cosine", "cosine", 0.1059), arm("Constant", "constant", 0.0809)),
            why="The banks limit the peak, and the cosine's rates add up to half as much way along the river.",
        ),
        _wsd.but(
            "river_exponential",
            "A river valley: falling at once",
            "A constant rate ends lower than an exponential decay, each tuned",
            Status.SUPPORTED,
            kind=Kind.COUNTER,
            scenarios=_river(arm("Exponential", "exponential", 0.1387, gamma=0.01 ** (1 / 599)), arm("Constant", "constant", 0.0809)),
            why="The sooner the rate falls, the less far the run comes.",
        ),
        Experiment(
            name="edge",
            label="At the edge of stability",
            says="A rate above 2/λ of the start settles where its rate times the curvature is 2",
            scenarios=_sharp("squared_product", (4.0, 0.2), (4.0, 0.25), 3000, 1.2),
            readings=(edge_share,),
            effect=Deviation("η·λ/2 at the end", only),
            expected=Status.SUPPORTED,
            margin=0.05,
            needless=True,
            theory=Theory(
                r"\eta\,\lambda_{\text{end}} \to 2",
                "Training hovers where the curvature just fits the rate.",
                "Zhu et al. (2022), arXiv 2210.03294; Cohen et al. (2021).",
            ),
            pictures=(gauge,),
            why="Oscillation across the valley pushes the run along it to less curvature, until the rate is just stable.",
        ),
        _catapult,
        _catapult.but(
            "catapult_fits",
            "Where the throw ends",
            "A run that was thrown ends where the curvature is below 2/η",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_sharp("product", (5.0, 0.06), (5.0, 0.2), 1000, 1.5),
            readings=(edge_share,),
            effect=Number("How far η·λ/2 ends below 1", short_of),
            margin=0.0,
            why="A minimum that is sharper than 2/η cannot hold the run.",
        ),
        _catapult.but(
            "no_catapult",
            "Just below the edge",
            "A rate just below 2/λ ends at a minimum of less curvature than a low one",
            Status.REFUTED,
            scenarios=_sharp("product", (5.0, 0.06), (5.0, 0.2), 1000, 0.2, 0.9),
            why="A rate that the start allows converges right there.",
        ),
    ),
    "It is not steep slopes that call for a small rate but curvature, and most of all where the landscape flattens on the way a falling rate is "
    "the wrong way round: warm up there. Where it sharpens, decay; in a river valley, late and short.",
)
