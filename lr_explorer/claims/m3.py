"""M3, escape: a high rate that then falls leaves shallow minima and saddle points."""

from functools import partial

from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, Tuned, link_knob
from lr_explorer.claims.effects import MoreOften
from lr_explorer.claims.readings import answer
from lr_explorer.claims.views.escape import ridge, wells
from lr_explorer.claims.views.stability import gauge
from lr_explorer.experiments.measures import farther_than, global_basin, near_best
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Point
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

_WELLS = SURFACES.create("double_well")
_STEPS = 2000
_SUCCEEDS = near_best(0.05)
_COSINE = arm("Cosine 0.1", "cosine", 0.1)
_EXPONENTIAL = arm("Exponential 0.1", "exponential", 0.1, gamma=0.01 ** (1 / (_STEPS - 1)))


_KRAMERS = Theory(
    r"k = \frac{\eta\sqrt{V''_{\min}\,|V''_{\mathrm{top}}|}}{2\pi}\,e^{-\Delta V/T},\quad T = \tfrac12\eta\sigma^2,\qquad "
    r"\dot p = k_{\text{out}}(1 - p) - k_{\text{in}}\,p",
    "How often an update leads over a barrier of height ΔV, and what that makes of the share p in the deep well along a schedule.",
    "Kramers (1940); for SGD Xie, Sato & Sugiyama (2021), arXiv 2002.03495. It holds for barriers above about 2T.",
)


def _wells(*arms: Arm, sigma: float = 2.0) -> tuple[Scenario, ...]:
    return (scene(_WELLS, _STEPS, sigma, *arms),)


_escape = Experiment(
    name="escape",
    label="Out of the shallow well",
    says="A high rate that falls ends in the deep well more often than a low constant one",
    scenarios=_wells(_COSINE, arm("Constant 0.01", "constant", 0.01)),
    readings=(partial(answer, measure=_SUCCEEDS),),
    effect=MoreOften(_SUCCEEDS.says),
    expected=Status.SUPPORTED,
    theory=_KRAMERS,
    pictures=(wells,),
    why="How often noise lifts the run over the barrier falls exponentially with its height ÷ (η σ²): a high rate crosses, a low one waits for ever.",
    knob=link_knob("noise.sigma", "Noise σ", (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), 2.0, "Without noise there is nothing that could lift a run out."),
)

_saddle = Experiment(
    name="saddle",
    label="Away from a saddle",
    says="A high rate that falls leaves the saddle more often than a low constant one",
    scenarios=(
        scene(SURFACES.create("saddle"), 300, 0.01, arm("Cosine 0.5", "cosine", 0.5), arm("Constant 0.02", "constant", 0.02), start=Point(2.0, 0.0)),
    ),
    readings=(partial(answer, measure=farther_than("y", 0.5)),),
    effect=MoreOften(farther_than("y", 0.5).says),
    expected=Status.SUPPORTED,
    theory=Theory(
        r"t_{1/2} = \frac{\ln\left[1 + (r/0.6745)^2\,\frac{(1 + \eta\gamma)^2 - 1}{(\eta\sigma)^2}\right]}{2\ln(1 + \eta\gamma)}",
        "After so many updates half of the runs at a constant rate are farther than r from the ridge.",
        "The variance of y ← (1 + ηγ)y + ησξ; on noise and saddles Ge et al. (2015), Jin et al. (2017), Du et al. (2017).",
    ),
    pictures=(ridge,),
    why="Noise gives a small push off the ridge, which then grows by the factor 1 + η·γ in each update. A constant high rate escapes as well: it is "
    "the height that counts here, not the fall.",
    knob=link_knob(
        "noise.sigma",
        "Noise σ",
        (0.0, 0.001, 0.01, 0.1),
        0.01,
        "Without noise nobody leaves. How much there is matters little, since the push grows exponentially.",
    ),
)

CLAIM = Claim(
    "M3",
    "Escape",
    "A high rate that then falls escapes shallow local minima and saddle points, and finds better solutions.",
    "Both runs start in the shallow one of two wells. Which one comes to rest at the bottom of the deep well, the global basin, more often?",
    (
        _escape,
        _escape.but(
            "no_noise",
            "Without noise",
            _escape.says,
            Status.REFUTED,
            noise__sigma=0.0,
            why="A run that starts at a minimum feels no gradient, and nothing else moves it.",
        ),
        _escape.but(
            "settles",
            "And settles there",
            "A high rate that falls ends near the deep minimum more often than one that stays high",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_wells(_COSINE, arm("Constant 0.1", "constant", 0.1)),
            why="The constant rate crosses the barrier as often, in both directions, and never comes to rest.",
        ),
        _escape.but(
            "tuned",
            "Each at the rate that suits it",
            "The cosine ends near the deep minimum more often than a constant rate, each tuned",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_wells(arm("Cosine", "cosine", 0.1), arm("Constant", "constant", 0.03)),
            tuned=Tuned("success", (_SUCCEEDS,), count=80, per_decade=8),
            why="No constant rate does both: one that crosses does not settle, one that settles does not cross.",
        ),
        _escape.but(
            "quench",
            "Falling too fast",
            "At the same peak the cosine ends near the deep minimum more often than an exponential decay",
            Status.SUPPORTED,
            kind=Kind.CLAIM,
            scenarios=_wells(_COSINE, _EXPONENTIAL),
            why="The exponential spends few updates at rates that cross the barrier: it freezes where it is, like glass that is cooled too fast.",
        ),
        _escape.but(
            "quench_tuned",
            "Falling fast, from the right height",
            "The cosine ends near the deep minimum more often than an exponential decay, each tuned",
            Status.INCONCLUSIVE,
            scenarios=_wells(_COSINE, _EXPONENTIAL),
            tuned=Tuned("success", (_SUCCEEDS,), count=80, per_decade=8),
            why="A higher peak makes up for the fast fall: it is how long the rate stays in the range that crosses but favours the deep well.",
        ),
        Experiment(
            name="warm_start",
            label="From a good start",
            says="A high rate that falls ends in the best basin more often than a low constant one",
            scenarios=(scene(SURFACES.create("narrow_well"), 1000, 0.5, arm("Cosine 0.3", "cosine", 0.3), arm("Constant 0.02", "constant", 0.02)),),
            readings=(partial(answer, measure=global_basin()),),
            effect=MoreOften(global_basin().says),
            expected=Status.REVERSED,
            kind=Kind.COUNTER,
            theory=Theory(
                r"\lambda < \frac2\eta",
                "A minimum that is more curved than that holds no run.",
                "Wu, Ma & E (2018), How SGD selects the global minima.",
            ),
            pictures=(gauge,),
            why="The best well is narrow, and its curvature is above 2/η: the high rate throws the run out of where it already was, and never back.",
        ),
        _saddle,
        _saddle.but(
            "saddle_no_noise",
            "On the ridge without noise",
            _saddle.says,
            Status.REFUTED,
            noise__sigma=0.0,
            why="On the ridge itself the gradient has no part that leads off it: no rate, however high, leaves.",
        ),
    ),
)
