"""E2, flat minima: larger rates, even late."""

from functools import partial

from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, link_knob
from lr_explorer.claims.effects import MoreOften
from lr_explorer.claims.readings import answer
from lr_explorer.claims.views.flats import arrivals, leaving
from lr_explorer.experiments.measures import below, left_start_basin
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.scenario import Scenario
from lr_explorer.start import Circle, Point
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

_WELLS = SURFACES.create("twin_wells")
_LEFT = left_start_basin()
_STEPS = 400


_HOLDS = Theory(
    r"\lambda_{\min} < \frac2\eta",
    "Only minima that are flatter than that can hold a run, however deep they are.",
    "Wu, Ma & E (2018), How SGD selects the global minima in over-parameterized learning.",
)


def _from(minimum: int, *rates: float, name: str = "η = {:g}") -> Scenario:
    """Return constant rates that begin at a minimum: 0 the sharp one, 1 the flat one."""
    arms = [arm(name.format(rate), "constant", rate) for rate in rates]
    return scene(_WELLS, 500, 0.5, *arms, start=Point(*_WELLS.minima[minimum].point))


_sharp = Experiment(
    name="sharp",
    label="Out of the sharp well or the flat one",
    says="A high rate leaves the sharp well more often than the flat one",
    scenarios=(_from(0, 0.15, name="Runs from the sharp well"), _from(1, 0.15, name="Runs from the flat well")),
    readings=(partial(answer, measure=_LEFT),),
    effect=MoreOften(_LEFT.says),
    expected=Status.SUPPORTED,
    margin=0.2,
    theory=_HOLDS,
    pictures=(leaving,),
    why="A well whose curvature is above 2/η cannot hold the run; both are equally deep.",
    knob=link_knob(
        "arm1.schedule.peak",
        "Rate in both, limit of the sharp well 0.125",
        (0.02, 0.05, 0.1, 0.125, 0.15, 0.2),
        0.15,
        "Below 2/λ = 0.125 the sharp well holds its runs, too.",
    ),
)
_plateau = Experiment(
    name="plateau",
    label="A plateau late in training",
    says="Raising the rate in the second half arrives more often than letting it fall",
    scenarios=(
        scene(
            SURFACES.create("plateau"),
            _STEPS,
            0.1,
            arm("0.1, then 0.3", "piecewise", 0.3, boundaries=(_STEPS / 2,), factors=(1 / 3, 1.0)),
            arm("0.1, then cosine", "flat_cosine", 0.1, flat=0.5),
            start=Circle(x=0.0, y=0.0, radius=4.0),
        ),
    ),
    readings=(partial(answer, measure=below(0.2)),),
    effect=MoreOften(below(0.2).says),
    expected=Status.SUPPORTED,
    theory=Theory(
        r"\sum_t \eta_t = \tfrac12\left[\ln r + r^2 + \tfrac14 r^4\right]_{r_{\text{near}}}^{r_{\text{far}}}",
        "Gradient flow needs a certain sum of rates to come in from a distance, whichever order they come in.",
        "dt = −dr/f′(r) on r²/(1 + r²), integrated.",
    ),
    pictures=(arrivals,),
    why="Out on the plateau the slope is so small that only the sum of the rates brings a run down.",
    knob=link_knob(
        "arm1.schedule.peak",
        "Late rate of the first arm",
        (0.1, 0.15, 0.2, 0.3, 0.5),
        0.3,
        "Gradient flow needs a certain sum of rates to arrive; below it nobody does.",
    ),
)

CLAIM = Claim(
    "E2",
    "Flat minima",
    "Larger rates may help even late in training, and flat minima are easier to leave with a high rate.",
    "Two wells of the same depth, one sharp and one flat, and a high rate in both. Which one is left more often?",
    (
        _sharp,
        _sharp.but(
            "low_rate",
            "The same with a low rate",
            "A rate below the sharp well's limit leaves it more often than the flat one",
            Status.REFUTED,
            scenarios=(_from(0, 0.05, name="Runs from the sharp well"), _from(1, 0.05, name="Runs from the flat well")),
            why="Below 2/λ of both the noise is too weak for either barrier.",
        ),
        Experiment(
            name="out_of_flat",
            label="As it is worded: out of the flat well",
            says="A high rate leaves the flat well more often than a low one",
            scenarios=(_from(1, 0.3, 0.02),),
            readings=(partial(answer, measure=_LEFT),),
            effect=MoreOften(_LEFT.says),
            expected=Status.REFUTED,
            kind=Kind.COUNTER,
            margin=0.2,
            theory=_HOLDS,
            pictures=(leaving,),
            why="The flat well's limit is 2: at 0.3 it holds the run as well as at 0.02.",
        ),
        _plateau,
    ),
    "It is sharp minima that a high rate leaves, those whose curvature exceeds 2/η; flat ones hold it best. What a high rate leaves sooner is a flat "
    "region that is no minimum, a plateau.",
)
