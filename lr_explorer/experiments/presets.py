"""Scenarios worth a look, one click each, named after what they show.

The replicate that is shown is one in which every arm does what most of its replicates do. Where it says "tuned", the peak rate is the
best of 60 on a log grid, by the final loss of 100 replicates under another seed: its median or, where runs can diverge, its 90 % quantile.
"""

from dataclasses import dataclass

from lr_explorer.batches import BATCHES
from lr_explorer.experiments.measures import Measure, below, best_checkpoint, diverged, farther_than, left_start_basin, near_best
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Scenario
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES


@dataclass(frozen=True)
class Preset:
    """A scenario with its claim.

    label: what it shows. claim: id of the claim about learning-rate reduction it belongs to, or "". says: the claim in a sentence.
    look: what to watch, and the slider that overturns it. measure: what is counted over the replicates.
    """

    label: str
    claim: str
    says: str
    look: str
    scenario: Scenario
    measure: Measure


_CIRCLE = Circle(x=0.0, y=0.0, radius=4.0)
_BOWL = SURFACES.create("quadratic")
_STEEP_BOWL = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
_QUARTIC = SURFACES.create("quartic")
_WELLS = SURFACES.create("double_well")
_TILTED = SURFACES.create("styblinski_tang")
_ADAM = {"optimizer": OPTIMIZERS.create("adam", beta2=0.99)}
_AMSGRAD = {"optimizer": OPTIMIZERS.create("adam", beta2=0.99, amsgrad=True)}

PRESETS: dict[str, Preset] = {
    "settle": Preset(
        "A constant rate cannot settle",
        "M1",
        "Large steps explore early; smaller steps later converge to a more precise solution.",
        "At the same peak the cosine ends far below the constant rate; a constant rate tuned for this budget comes much closer. "
        "Set the noise σ to 0 and the constant rate wins.",
        scene(
            _BOWL,
            300,
            1.0,
            arm("Constant 0.19", "constant", 0.19),
            arm("Cosine 0.19", "cosine", 0.19),
            arm("Constant, tuned", "constant", 0.0263),
            arm("Cosine, tuned", "cosine", 0.0754),
            start=_CIRCLE,
            replicate=3,
        ),
        below(0.01),
    ),
    "batch": Preset(
        "A growing batch in place of a falling rate",
        "M1",
        "Smaller steps later converge to a more precise solution.",
        "It is the noise that must fall, and a batch four times as large lowers it as a quarter of the rate does: the two end level, "
        "more than ten times below the constant rate. The growing batch takes seven times as many gradients in as many updates. "
        "With σ = 0 it changes nothing, and the smaller rate is only slower.",
        scene(
            SURFACES.create("quadratic", lambda1=1.0, lambda2=4.0),
            450,
            1.0,
            arm("Rate ÷ 4 every 150", "step", 0.1, step_size=150, gamma=0.25),
            arm("Batch × 4 every 150", "constant", 0.1).with_values(batch=BATCHES.create("step", every=150, gamma=4.0)),
            arm("Constant", "constant", 0.1),
            start=_CIRCLE,
        ),
        below(0.01),
    ),
    "divergence": Preset(
        "Too high: divergence",
        "M2",
        "A high rate diverges; reducing it in time stabilises the run.",
        "3 % below the limit 2/λ the path converges, 3 % above it doubles and doubles. "
        "The cosine starts 10 % above the limit and is saved by its fall.",
        scene(
            _STEEP_BOWL,
            400,
            0.3,
            arm("0.97 × 2/λ", "constant", 0.97 * 0.2),
            arm("1.03 × 2/λ", "constant", 1.03 * 0.2),
            arm("Cosine from 1.1 × 2/λ", "cosine", 1.1 * 0.2),
            start=_CIRCLE,
            replicate=1,
        ),
        diverged(),
    ),
    "oscillation": Preset(
        "Too high: oscillation",
        "",
        "A rate just below the limit throws the iterate from one wall of the valley to the other.",
        "Step through the first updates: above 1/λ every step crosses the valley. At exactly 1/λ one step lands on its floor.",
        scene(
            _STEEP_BOWL,
            40,
            0.0,
            arm("1.98/λ", "constant", 0.198),
            arm("1/λ", "constant", 0.1),
            arm("0.2/λ", "constant", 0.02),
            start=Point(-4.0, 2.0),
        ),
        below(0.01),
    ),
    "escape": Preset(
        "Annealing escapes a shallow minimum",
        "M3",
        "A high rate that then falls leaves shallow minima and ends in better ones.",
        "The low rate never leaves the shallow well; the high one crosses the barrier but cannot settle; "
        "the quick exponential fall freezes too early. Set σ to 0 and nobody escapes.",
        scene(
            _WELLS,
            2000,
            2.0,
            arm("Cosine 0.1", "cosine", 0.1),
            arm("Constant 0.01", "constant", 0.01),
            arm("Constant 0.1", "constant", 0.1),
            arm("Exponential 0.1", "exponential", 0.1, gamma=0.01 ** (1 / 1999)),
            replicate=2,
        ),
        near_best(0.05),
    ),
    "saddle": Preset(
        "A saddle that only noise leaves",
        "M3",
        "A high rate leaves saddle points sooner.",
        "The start lies exactly on the line that leads into the saddle. A little noise and a high rate leave it; a low rate needs far longer. "
        "Without noise no rate ever does.",
        scene(
            SURFACES.create("saddle"),
            300,
            0.01,
            arm("Cosine 0.5", "cosine", 0.5),
            arm("Constant 0.5", "constant", 0.5),
            arm("Constant 0.02", "constant", 0.02),
            start=Point(2.0, 0.0),
            replicate=1,
        ),
        farther_than("y", 0.5),
    ),
    "floor": Preset(
        "Smaller steps settle closer",
        "M4",
        "Near the minimum smaller rates make smaller updates and end closer to it.",
        "Each constant rate hovers at its own noise floor, which is proportional to the rate. With σ = 0 the largest rate ends closest.",
        scene(
            SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0, box=0.8),
            2000,
            1.0,
            arm("Constant 0.08", "constant", 0.08),
            arm("Constant 0.02", "constant", 0.02),
            arm("Constant 0.005", "constant", 0.005),
            arm("Cosine 0.08", "cosine", 0.08),
            start=Circle(x=0.0, y=0.0, radius=0.2),
            replicate=3,
        ),
        below(0.003),
    ),
    "heavy_tails": Preset(
        "Heavy tails: no rate settles closer",
        "M4",
        "Near the minimum smaller rates make smaller updates and end closer to it.",
        "Not where single jolts outweigh all others: under Cauchy noise (α = 1) the points spread as widely at any rate, "
        "and the cosine ends no closer. Raise α to 2, which is normal noise, or clip every arm's gradient at 1, and the smaller rates win again.",
        scene(
            SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0, box=0.8),
            2000,
            NOISES.create("stable", sigma=0.1, tail=1.0),
            arm("Constant 0.08", "constant", 0.08),
            arm("Constant 0.005", "constant", 0.005),
            arm("Cosine 0.08", "cosine", 0.08),
            start=Circle(x=0.0, y=0.0, radius=0.2),
        ),
        below(0.01),
    ),
    "steep_start": Preset(
        "Warm-up saves a steep start",
        "M5",
        "Large steps overcome steep slopes first; smaller ones then find the way through flatter regions.",
        "Here the reverse is right. Where the landscape is steep it is also sharply curved, so the stable rate is small at the start "
        "and grows as it flattens: warm-up allows a peak ten times as high. All rates are tuned.",
        scene(
            _QUARTIC,
            200,
            0.01,
            arm("Warm-up + cosine", "cosine", 1.271, warmup=20),
            arm("Cosine", "cosine", 0.1253),
            arm("Constant", "constant", 0.1253),
            start=_CIRCLE,
        ),
        below(1e-3),
    ),
    "river": Preset(
        "WSD in the river valley",
        "M5",
        "The rate should follow the landscape: large steps first, small ones later.",
        "Later means late. Progress along the river needs the sum of the rates, rest on its floor needs a small last rate: "
        "WSD, which holds its rate and drops it at the end, has both; decaying early costs the most. All rates are tuned.",
        scene(
            SURFACES.create("river"),
            600,
            1.0,
            arm("WSD", "wsd", 0.0968),
            arm("Constant", "constant", 0.0809),
            arm("Cosine", "cosine", 0.1059),
            arm("Exponential", "exponential", 0.1387, gamma=0.01 ** (1 / 599)),
            start=Point(-4.0, 0.0),
            replicate=3,
        ),
        below(0.2),
    ),
    "no_noise": Preset(
        "Without noise, no need to anneal",
        "E1",
        "Not every task needs reduction: a constant rate may be the right one.",
        "With exact gradients a constant rate keeps its pace to the end, and so does WSD but for its last steps; the cosine, which slows down early, "
        "ends a hundred times higher. A noise σ of 0.1 turns it round. All rates are tuned.",
        scene(
            _BOWL,
            100,
            0.0,
            arm("Constant", "constant", 0.1766),
            arm("Cosine", "cosine", 0.2581),
            arm("WSD", "wsd", 0.2055),
            start=_CIRCLE,
        ),
        below(1e-6),
    ),
    "interpolation": Preset(
        "Labels that fit need no annealing",
        "E1",
        "Not every task needs reduction: a constant rate may be the right one.",
        "Batches of 5 flowers, and labels that the best line fits exactly: the noise ends by itself at the minimum, and the cosine, which slows down "
        "before, ends a thousand times higher. Slide real labels to 1 and it turns round. All rates are tuned, for fitted labels.",
        scene(
            SURFACES.create("iris_regression", mix=0.0),
            500,
            NOISES.create("minibatch", size=5),
            arm("Constant", "constant", 0.1051),
            arm("Cosine", "cosine", 0.1132),
        ),
        below(1e-6),
    ),
    "one_cycle": Preset(
        "One-cycle against cosine",
        "E1",
        "For some tasks a one-cycle schedule is more appropriate than a falling one.",
        "The one-cycle starts 25 times lower, so its peak may be ten times as high on this bowl whose curvature vanishes. All rates are tuned. "
        "Lower its start divisor to 1 and it diverges like a cosine with that peak.",
        scene(
            _QUARTIC,
            200,
            0.01,
            arm("One-cycle", "one_cycle", 1.271),
            arm("Cosine", "cosine", 0.1253),
            start=_CIRCLE,
        ),
        below(1e-4),
    ),
    "sharp": Preset(
        "A high rate leaves the sharp minimum",
        "E2",
        "Flat minima are easier to leave with a high rate, even late in training.",
        "Measured, it is the sharp ones, whose curvature exceeds 2/η. Both wells are equally deep. Rate 0.15 is above 2/16 "
        "and cannot stay in the sharp well; rate 0.05 never leaves it. "
        "Start in the flat well at (2, 0): no rate here leaves that.",
        scene(
            SURFACES.create("twin_wells"),
            500,
            0.5,
            arm("Constant 0.15", "constant", 0.15),
            arm("Constant 0.05", "constant", 0.05),
            start=Point(-0.5, 0.0),
            replicate=2,
        ),
        left_start_basin(),
    ),
    "plateau": Preset(
        "A plateau that needs rate",
        "E2",
        "In flat regions the run may benefit from larger rates, even late.",
        "Out here the slope is so small that only a high rate arrives in time. The cosine spends its budget before the descent begins.",
        scene(
            SURFACES.create("plateau"),
            400,
            0.1,
            arm("Constant 0.3", "constant", 0.3),
            arm("Constant 0.1", "constant", 0.1),
            arm("Cosine 0.1", "cosine", 0.1),
            start=_CIRCLE,
            replicate=2,
        ),
        below(0.2),
    ),
    "layers": Preset(
        "Each coordinate its own rate",
        "E3",
        "Fine-tuning uses different rates for different layers instead of one falling rate.",
        "Two coordinates whose curvatures differ 40-fold stand for two layers. Rates matched to the curvatures beat the best shared rate, "
        "and annealing helps them most. All rates are tuned. "
        "Rotate the bowl by 45°: both coordinates then feel both curvatures, and rates matched to one of them diverge.",
        scene(
            SURFACES.create("quadratic", lambda1=0.5, lambda2=20.0),
            100,
            0.1,
            arm("A rate for each, cosine", "cosine", 0.0465, rates=(6.3246, 0.15811)),
            arm("A rate for each, constant", "constant", 0.0237, rates=(6.3246, 0.15811)),
            arm("Shared, cosine", "cosine", 0.1289),
            arm("Shared, constant", "constant", 0.0776),
            start=_CIRCLE,
            replicate=6,
        ),
        below(1e-3),
    ),
    "restarts": Preset(
        "Restarts visit many minima",
        "E4",
        "Cyclical rates balance exploration and exploitation.",
        "Every restart throws the iterate out again. The best of its ten cycle ends beats the others' ten checkpoints; its last iterate does not.",
        scene(
            _TILTED,
            2000,
            1.0,
            arm("Restarts", "cosine_restarts", 0.766, t_0=200),
            arm("Cosine", "cosine", 0.766),
            arm("Constant", "constant", 0.559),
            start=Point(*_TILTED.minima[-1].point),
            replicate=2,
        ),
        best_checkpoint(10, 0.1),
    ),
    "adaptive": Preset(
        "Adaptive methods anneal too",
        "E5",
        "Adaptive methods set a rate per parameter and may need no explicit reduction.",
        "Adam with a constant rate hovers like SGD does; a cosine helps both. AdaGrad shrinks its own steps and gains least. All rates are tuned.",
        scene(
            _BOWL,
            1000,
            1.0,
            arm("SGD", "constant", 0.00755),
            arm("SGD + cosine", "cosine", 0.0207),
            arm("Adam", "constant", 0.01164, "adam"),
            arm("Adam + cosine", "cosine", 0.0277, "adam"),
            arm("AdaGrad", "constant", 0.209, "adagrad"),
            arm("AdaGrad + cosine", "cosine", 0.322, "adagrad"),
            start=_CIRCLE,
            replicate=12,
        ),
        below(0.003),
    ),
    "ravine": Preset(
        "Adam against SGD on a rotated ravine",
        "E5",
        "A rate per parameter helps where the parameters are the ravine's axes.",
        "Along the axes (rotation 0°) AdaGrad and Adam equalise a 1000-fold difference in curvature. Rotated by 45° each coordinate "
        "sees the same mixture, and most of their lead is gone. Rates are those tuned at 0°.",
        scene(
            SURFACES.create("quadratic", lambda1=0.01, lambda2=10.0, angle=45.0),
            200,
            0.1,
            arm("SGD", "constant", 0.1819),
            arm("Adam", "constant", 0.09295, "adam"),
            arm("AdaGrad", "constant", 0.9747, "adagrad"),
            start=_CIRCLE,
            replicate=3,
        ),
        below(0.01),
    ),
    "wrong_way": Preset(
        "Adam walks the wrong way",
        "E5",
        "Adaptive methods set a rate per parameter and may need no explicit reduction.",
        "Here one needs repair instead. Once in 101 steps the loss rises steeply to the right, in between it falls gently, and on average it rises: "
        "it is lowest at the left end. Adam has forgotten the steep step before the next one comes, and annealing only fixes it in the wrong place; "
        "AMSGrad remembers it. Raise the large slope to 2000 and Adam turns round.",
        scene(
            SURFACES.create("reddi"),
            2000,
            NOISES.create("minibatch", size=1, order="cycle"),
            arm("Adam", "constant", 0.1).with_values(**_ADAM),
            arm("Adam + cosine", "cosine", 0.1).with_values(**_ADAM),
            arm("AMSGrad", "constant", 0.1).with_values(**_AMSGRAD),
        ),
        below(0.1),
    ),
}
