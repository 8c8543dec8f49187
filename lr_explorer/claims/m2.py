"""M2, stability: a high rate oscillates or diverges."""

from typing import Any

from lr_explorer.claims.base import Claim, Experiment, Kind, Knob, Theory, link_knob
from lr_explorer.claims.effects import Deviation, MoreOften, only
from lr_explorer.claims.readings import diverges, grows, preconditioned_sharpness
from lr_explorer.claims.views.stability import adam_gauge, gauge, over_distances, over_rates
from lr_explorer.experiments.measures import DIVERGED
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from lr_explorer.optimizers.per_coordinate import Adam
from lr_explorer.start import Circle, Point
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES, Surface
from lr_explorer.theory import mean_gradient_limit, proportional_edge

_CURVATURE = 10.0
_BOWL = SURFACES.create("quadratic", lambda1=1.0, lambda2=_CURVATURE)
_LIMIT = Theory(
    r"\eta < \frac{2}{\lambda_{\max}},\qquad \text{heavy ball } \frac{2(1 + \beta)}{\lambda_{\max}},\qquad "
    r"\text{Nesterov } \frac{2 + 2\beta}{(1 + 2\beta)\lambda_{\max}}",
    "Above it the part of the distance along the steepest axis grows at every update.",
    "Goh, Why momentum really works (2017); Cohen et al. (2021), arXiv 2103.00065, for the two with momentum.",
)
_QUARTIC = SURFACES.create("quartic")
_RING = Circle(x=0.0, y=0.0, radius=4.0)
# The largest stable rate of plain gradient descent on this bowl.
_EDGE = 2 / _CURVATURE


def _edge(name: str, label: str, rule: Optimizer) -> Experiment:
    limit = rule.stability_limit()
    assert limit is not None
    arms = [arm(f"{share:g} × the limit", "constant", share * limit / _CURVATURE, rule) for share in (1.03, 0.97)]
    return Experiment(
        name=name,
        label=label,
        says="3 % above the predicted limit runs grow, and 3 % below it they do not",
        scenarios=(scene(_BOWL, 400, 0.0, *arms, start=_RING),),
        readings=(grows,),
        effect=MoreOften("ends higher than it began"),
        expected=Status.SUPPORTED,
        margin=0.9,
        theory=_LIMIT,
        pictures=(over_rates,),
        why="Along the steepest axis each update multiplies the distance by a number that passes −1 at the limit.",
    )


# The first is the limit of single runs, the second, below it, that of their mean square.
_FADING = Theory(
    r"\mathbb E\,\ln|1 - \eta\lambda(1 + s\xi)| < 0,\qquad \mathbb E\,(1 - \eta\lambda(1 + s\xi))^2 < 1 \iff {\eta < \frac{2}{\lambda(1 + s^2)}}",
    "Where noise grows with the gradient a distance is multiplied by random numbers: the mean of their logarithms decides over every run, that of "
    "their squares over the expected loss, which rare runs carry.",
    "Furstenberg & Kesten (1960) for products of random numbers.",
)
_SHARE = 1.0
# Theory's `almost_sure_edge` for this curvature and share, written out: its integrals would take a tenth of a second of every start.
_SINGLE_RUNS = 0.17309


def _fading(name: str, label: str, says: str, edge: float, off: float, expected: Status, **more: Any) -> Experiment:
    """Return arms this far above and below a limit, on an axis along which the noise is as large as the gradient."""
    surface = SURFACES.create("quadratic", lambda1=0.0, lambda2=_CURVATURE)
    arms = [arm(f"{share:g} × the limit", "constant", float(f"{share * edge:.4g}")) for share in (1 + off, 1 - off)]
    return Experiment(
        name=name,
        label=label,
        says=says,
        scenarios=(scene(surface, 1000, NOISES.create("proportional", share=_SHARE), *arms, start=Point(0.0, 0.01)),),
        readings=(grows,),
        effect=MoreOften("ends higher than it began"),
        expected=expected,
        margin=0.9,
        theory=_FADING,
        pictures=(over_rates,),
        **more,
    )


def _adam(name: str, label: str, beta2: float, expected: Status, why: str, kind: Kind = Kind.CLAIM) -> Experiment:
    rule = Adam(beta2=beta2)
    limit = mean_gradient_limit(rule.beta1)
    return Experiment(
        name=name,
        label=label,
        says="Adam's rate times the curvature that it sees hovers at its limit",
        scenarios=(scene(_BOWL, 4000, 0.0, arm("Adam", "constant", 0.03, rule), start=_RING),),
        readings=(preconditioned_sharpness,),
        effect=Deviation("Rate × preconditioned curvature", only, predicted=limit),
        expected=expected,
        kind=kind,
        margin=0.05,
        needless=True,
        theory=Theory(
            r"\eta\,\lambda_{\max}(P^{-1}H) \to \frac{2 + 2\beta_1}{1 - \beta_1},\quad "
            r"P = (1 - \beta_1^t)\,\mathrm{diag}\left(\sqrt{\hat v} + \varepsilon\right)",
            "38 for β₁ = 0.9, whatever the rate, as long as the scale P changes slowly.",
            "Cohen et al. (2022), Adaptive gradient methods at the edge of stability, arXiv 2207.14484.",
        ),
        pictures=(adam_gauge,),
        why=why,
    )


def _far(surface: Surface, rate: float, radius: float) -> tuple:
    """Return the same arm begun far out and near, with a little noise."""
    return tuple(
        scene(surface, 300, 0.1, arm(f"From {distance:g} away", "constant", rate), start=Circle(x=0.0, y=0.0, radius=distance))
        for distance in (radius, 1.0)
    )


def _from_afar(experiment: Experiment, distance: float) -> Experiment:
    far, near = experiment.scenarios
    arms = (far.arms[0].with_values(name=f"From {distance:g} away"),)
    return experiment.with_scenarios([far.with_values(start=far.start.with_values(radius=distance), arms=arms), near])


_far_quartic = Experiment(
    name="far_quartic",
    label="From far away: a bowl that steepens",
    says="The same rate diverges from far away and not from near the minimum",
    scenarios=_far(_QUARTIC, 0.2, 8.0),
    readings=(diverges,),
    effect=MoreOften(DIVERGED),
    expected=Status.SUPPORTED,
    why="The curvature of x⁴ grows with the distance, so the largest stable rate falls with it: on an axis it is 2/x².",
    theory=Theory(
        r"\eta < \frac{2}{x_0^2}",
        "On an axis of ¼x⁴ the update multiplies x by 1 − ηx²: below −1 it grows, and grows faster.",
        "x ← x(1 − ηx²), by itself.",
    ),
    pictures=(over_distances,),
    knob=Knob(
        "Distance of the far start",
        (1.0, 2.0, 3.0, 4.0, 6.0, 8.0),
        _from_afar,
        8.0,
        "At 1 both starts are alike; from 3.2 on, 2/x² is below the rate.",
    ),
)

_stabilises = Experiment(
    name="stabilises",
    label="Reducing the rate stabilises",
    says="A rate above the limit diverges if it is constant, and not if it falls",
    scenarios=(scene(_BOWL, 400, 0.3, arm("Constant", "constant", 0.22), arm("Cosine", "cosine", 0.22), start=_RING),),
    readings=(diverges,),
    effect=MoreOften(DIVERGED),
    expected=Status.SUPPORTED,
    theory=_LIMIT,
    pictures=(gauge, over_rates),
    why="On a bowl of constant curvature the growth stops as soon as the rate is below 2/λ.",
    knob=link_knob(
        "arm*.schedule.peak",
        "Peak of both, limit 0.2",
        (0.15, 0.19, 0.2, 0.21, 0.22, 0.3, 0.5),
        0.22,
        "Below the limit neither diverges. Far above it both do: a run is gone before any schedule has fallen.",
    ),
)

CLAIM = Claim(
    "M2",
    "Stability",
    "A high rate oscillates or diverges, above all far from the minimum; reducing it stabilises the run.",
    "A bowl of constant curvature, both schedules 10 % above the largest stable rate. Which one diverges?",
    (
        _stabilises,
        _stabilises.but(
            "too_late",
            "Reduced too late",
            _stabilises.says,
            Status.REFUTED,
            scenarios=(
                scene(
                    _QUARTIC,
                    400,
                    0.3,
                    arm("Constant", "constant", 1.5 * 2 / 16),
                    arm("Cosine", "cosine", 1.5 * 2 / 16),
                    start=Point(4.0, 0.01),
                ),
            ),
            pictures=(gauge,),
            why="On x⁴ a run that grows meets ever more curvature: it is gone within a few updates, before any schedule has fallen.",
        ),
        _stabilises.but(
            "warmed_up",
            "Warmed up instead",
            "A peak above the limit of the start diverges if it is constant, and not if it is warmed up to",
            Status.SUPPORTED,
            kind=Kind.RESTORED,
            scenarios=(
                scene(
                    _QUARTIC,
                    400,
                    0.3,
                    arm("Constant", "constant", 1.5 * 2 / 16),
                    arm("Warm-up + cosine", "cosine", 1.5 * 2 / 16, warmup=40),
                    start=Point(4.0, 0.01),
                ),
            ),
            pictures=(gauge,),
            theory=Theory(
                r"\eta_t\,\lambda_{\max}(x_t) < 2",
                "What counts is the curvature where the run is: warm-up keeps the product below 2 while the curvature is large.",
                "Gilmer et al. (2021), arXiv 2110.04369.",
            ),
            why="The small first rates lead to where the curvature is small enough for the peak.",
        ),
        _edge("edge_sgd", "The limit of SGD", OPTIMIZERS.create("sgd")),
        _edge("edge_heavy_ball", "The limit of the heavy ball", OPTIMIZERS.create("heavy_ball", momentum=0.9)),
        _edge("edge_nesterov", "The limit of Nesterov's momentum", OPTIMIZERS.create("nesterov", momentum=0.9)),
        _fading(
            "edge_fading",
            "The limit under noise that fades",
            "10 % above the limit that theory has for single runs they grow, and 10 % below it they do not",
            _SINGLE_RUNS,
            0.1,
            Status.SUPPORTED,
            why="A run grows once the logarithms of what its updates multiply the distance by have a mean above 0.",
        ),
        _fading(
            "edge_fading_mean",
            "The limit of the mean square",
            "30 % above the rate from which on the mean loss grows single runs grow, and 30 % below it they do not",
            proportional_edge((0.0, _CURVATURE), _SHARE),
            0.3,
            Status.REFUTED,
            kind=Kind.COUNTER,
            why="The mean loss grows there by ever rarer and ever larger exceptions; nearly every single run goes to the minimum.",
        ),
        _adam(
            "edge_adam",
            "The limit of Adam",
            0.99,
            Status.SUPPORTED,
            "Adam divides by the size of recent gradients, so the curvature that it sees rises until the rate just fits it: Adam tunes itself to "
            "its own limit.",
        ),
        _adam(
            "edge_adam_forgetful",
            "Adam with a short memory",
            0.9,
            Status.REFUTED,
            "With β₂ as short as β₁ the scale swings with the gradients, and the limit for a fixed scale no longer says where it hovers.",
            Kind.COUNTER,
        ),
        _far_quartic,
        _far_quartic.but(
            "far_quadratic",
            "From far away: a bowl of constant curvature",
            _far_quartic.says,
            Status.REFUTED,
            scenarios=_far(_BOWL, 0.95 * _EDGE, 8.0),
            why="Where the curvature is the same everywhere the distance does not matter: the limit is 2/λ near and far.",
        ),
        _far_quartic.but(
            "far_funnel",
            "From far away: a funnel that straightens",
            _far_quartic.says,
            Status.REFUTED,
            scenarios=_far(SURFACES.create("logcosh", k=10.0), 0.4, 8.0),
            why="Far out the funnel is straight: gradients stay below 1 per coordinate, and no rate can make a run diverge.",
        ),
    ),
)
