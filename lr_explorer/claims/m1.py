"""M1, improved convergence: large steps first, small steps later."""

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, Tuned, link_knob
from lr_explorer.claims.effects import LowerLoss
from lr_explorer.claims.readings import final_loss
from lr_explorer.claims.views.losses import losses, phases
from lr_explorer.clipping import CLIPPINGS
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.noise import NOISES
from lr_explorer.start import Circle
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

_MOMENTS = Theory(
    r"\mathbb E\,x_{i,t+1}^2 = (1 - \eta_t\lambda_i)^2\,\mathbb E\,x_{i,t}^2 + \eta_t^2\sigma^2",
    "The first term forgets the start, the second brings in noise: a schedule trades the one against the other. On a quadratic this is exact.",
    "Mandt, Hoffman & Blei (2017); for schedules Defazio et al. (2023), arXiv 2310.07831; Ge et al. (2019), arXiv 1904.12838.",
)
BOWL = SURFACES.create("quadratic")
RING = Circle(x=0.0, y=0.0, radius=4.0)

_TAILS = Theory(
    r"\text{median loss} \propto \eta^{2(1 - 1/\alpha)}",
    "The lighter the tails, the more a smaller rate helps: α = 2 gives η, as for normal noise, α = 1.2 only η^⅓, α = 1 nothing.",
    "From scale^α = (ησ)^α/(1 − |1 − ηλ|^α), the stationary law of a sum of α-stable jolts: Samorodnitsky & Taqqu (1994).",
)

_ARMS = arm("Constant", "constant", 0.0263), arm("Cosine", "cosine", 0.0754)
_LOWER = "The cosine ends lower than a constant rate"

_tuned = Experiment(
    name="tuned",
    label="Each at the rate that suits it",
    says=f"{_LOWER}, each tuned",
    scenarios=(scene(BOWL, 300, 1.0, *_ARMS, start=RING),),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    tuned=Tuned(),
    why="Far away progress needs a large rate; near the minimum the noise, which a large rate passes on, is all that is left.",
    theory=_MOMENTS,
    pictures=(losses, phases),
    knob=link_knob("noise.sigma", "Noise σ", (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 1.0, "At 0 there is nothing that a small rate could calm."),
)

_same_peak = Experiment(
    name="same_peak",
    label="Both at the same peak",
    says=f"{_LOWER} of the same peak",
    scenarios=(scene(BOWL, 300, 1.0, arm("Constant", "constant", 0.19), arm("Cosine", "cosine", 0.19), start=RING),),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    count=400,
    theory=_MOMENTS,
    pictures=(losses, phases),
    why="At a peak that suits only one of them the difference is many times larger than between two that are tuned.",
)

CLAIM = Claim(
    "M1",
    "Improved convergence",
    "Large steps explore early; smaller steps later converge to a more precise solution.",
    "A noisy bowl, 300 updates, each schedule at its best peak rate. Which one ends lower?",
    (
        _tuned,
        _same_peak,
        _tuned.but(
            "no_noise",
            "Without noise",
            _LOWER,
            Status.REVERSED,
            noise__sigma=0.0,
            why="With exact gradients a constant rate shrinks the distance by the same factor at every step, and every smaller rate is slower.",
        ),
        _tuned.but(
            "short_and_quiet",
            "A little noise and few updates",
            _LOWER,
            Status.REFUTED,
            noise__sigma=0.01,
            steps=30,
            tuned=Tuned(per_decade=40),
            why="In 30 updates nobody comes down to a floor that low, so there is nothing to calm. Which rate is best hangs on which step happens to "
            "hit 1/λ: the grid of rates has to be fine.",
        ),
        Experiment(
            name="averaged",
            label="Averaging in place of annealing",
            says="The cosine's last point is better than the average of the last 200 of a constant rate",
            scenarios=(
                scene(
                    BOWL,
                    300,
                    1.0,
                    arm("Constant, averaged", "constant", 0.1).with_values(averaging=AVERAGINGS.create("tail", share=2 / 3)),
                    arm("Cosine", "cosine", 0.061),
                    start=RING,
                ),
            ),
            readings=(final_loss,),
            effect=LowerLoss(),
            expected=Status.REFUTED,
            kind=Kind.COUNTER,
            pictures=(losses,),
            theory=Theory(
                r"\bar x_T = \frac1n\sum_{t > T - n} x_t",
                "The mean of n points of which neighbours are correlated over 1/(ηλ) steps has about 2/(nηλ) of their variance.",
                "Polyak & Juditsky (1992).",
            ),
            why="The mean of many noisy points is calmer than each: averaging does what annealing does, and no rate has to fall.",
        ),
        _tuned.but(
            "heavy_tails",
            "Noise without a typical size",
            _LOWER,
            Status.REFUTED,
            scenarios=(scene(BOWL, 300, NOISES.create("stable", sigma=0.5, tail=1.2), *_ARMS, start=RING),),
            tuned=Tuned(count=400, per_decade=8),
            count=6000,
            pictures=(losses,),
            theory=_TAILS,
            why="Under α-stable noise of α = 1.2 a single late jolt decides where a run ends, and a smaller rate helps against it hardly at all.",
        ),
        _tuned.but(
            "clipped_tails",
            "Heavy tails, clipped",
            _LOWER,
            Status.SUPPORTED,
            kind=Kind.RESTORED,
            scenarios=(
                scene(
                    BOWL,
                    300,
                    NOISES.create("stable", sigma=0.5, tail=1.0),
                    *(one.with_values(clipping=CLIPPINGS.create("norm", max_norm=2.0)) for one in _ARMS),
                    start=RING,
                ),
            ),
            count=400,
            pictures=(losses,),
            theory=_TAILS,
            why="A bound on the gradient gives even Cauchy noise a largest size, and with it a floor that a small rate lowers.",
        ),
    ),
)
