"""E5, adaptive methods: a rate per parameter in place of a schedule."""

from functools import partial
from typing import Any

from lr_explorer.claims.base import Claim, Experiment, Kind, Theory, Tuned, link_knob
from lr_explorer.claims.e3 import ROUNDER
from lr_explorer.claims.effects import LowerLoss, Number, certain, fall
from lr_explorer.claims.readings import final_loss, loss_trend, place
from lr_explorer.claims.views.adaptive import courses, implied, trends
from lr_explorer.claims.views.layers import conditions
from lr_explorer.claims.views.losses import losses
from lr_explorer.experiments.scenes import arm, scene
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Scenario
from lr_explorer.start import Circle
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES

_RING = Circle(x=0.0, y=0.0, radius=4.0)
_LABELS = {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop", "adagrad": "AdaGrad"}
# Rates tuned for 1,000 updates, to begin from.
_RATES = {"sgd": 0.00755, "adam": 0.01164, "rmsprop": 0.01, "adagrad": 0.209}


def _pair(rule: str, steps: int = 1000) -> tuple[Scenario, ...]:
    arms = [arm(f"{_LABELS[rule]}, {name}", name, _RATES[rule], rule) for name in ("constant", "cosine")]
    return (scene(SURFACES.create("quadratic"), steps, 1.0, *arms, start=_RING),)


_OWN = Theory(
    r"\text{AdaGrad: } \frac{\eta}{\sqrt{\sum g^2}} \approx \frac{\eta}{\sigma\sqrt t},\qquad "
    r"\text{Adam, RMSprop: } \frac{\eta}{\sqrt{\text{mean of recent } g^2}} \approx \frac\eta\sigma",
    "A sum of squares grows with every update and takes the rate down by itself; a mean of recent ones does not.",
    "Duchi, Hazan & Singer (2011); Ward, Wu & Bottou (2020).",
)

_adam = Experiment(
    name="adam",
    label="Adam",
    says="Adam with a constant rate needs no cosine",
    scenarios=_pair("adam"),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.REFUTED,
    count=1000,
    margin=0.2,
    needless=True,
    tuned=Tuned(count=150, per_decade=8),
    theory=_OWN,
    pictures=(implied, trends),
    why="Adam divides by the size of the gradients, not by their noise: its steps do not shrink at the minimum, and it hovers as SGD does.",
    knob=link_knob("noise.sigma", "Noise σ", (0.0, 0.1, 1.0), 1.0, "Without noise there is nothing that a falling rate could calm."),
)


def _instead(rule: str, expected: Status, why: str, **changes: Any) -> Experiment:
    label = _LABELS[rule]
    says = f"{label} with a constant rate needs no cosine"
    return _adam.but(rule, label, says, expected, kind=Kind.CLAIM, scenarios=_pair(rule), why=why, knob=None, **changes)


def _trend(rule: str, name: str, label: str, expected: Status, why: str, kind: Kind) -> Experiment:
    return Experiment(
        name=name,
        label=label,
        says=f"{_LABELS[rule]} with a constant rate goes on improving, from 1,000 to 8,000 updates",
        scenarios=(scene(SURFACES.create("quadratic"), 8000, 1.0, arm(_LABELS[rule], "constant", _RATES[rule], rule), start=_RING),),
        readings=(partial(loss_trend, first=1000),),
        effect=Number("How fast log loss falls over log steps", fall),
        expected=expected,
        kind=kind,
        count=500,
        margin=0.2,
        theory=_OWN,
        pictures=(trends, implied),
        why=why,
    )


_ravine = Experiment(
    name="ravine",
    label="A ravine along an axis",
    says="AdaGrad ends lower than SGD, both at a tuned constant rate",
    scenarios=(
        scene(
            SURFACES.create("quadratic", lambda1=0.01, lambda2=10.0),
            200,
            0.1,
            arm("SGD", "constant", 0.1819),
            arm("AdaGrad", "constant", 0.9747, "adagrad"),
            start=_RING,
        ),
    ),
    readings=(final_loss,),
    effect=LowerLoss(),
    expected=Status.SUPPORTED,
    tuned=Tuned(),
    theory=ROUNDER,
    pictures=(conditions,),
    why="With a rate per coordinate the thousandfold difference in curvature does not matter.",
    knob=link_knob(
        "surface.angle",
        "Rotation of the ravine, degrees",
        (0.0, 5.0, 15.0, 30.0, 45.0),
        0.0,
        "The more the ravine is turned, the less a rate for each coordinate can do.",
    ),
)


def _reddi(name: str, label: str, expected: Status, why: str, kind: Kind, amsgrad: bool) -> Experiment:
    rule = OPTIMIZERS.create("adam", beta2=0.99, amsgrad=amsgrad)
    return Experiment(
        name=name,
        label=f"{label} on a periodic problem",
        says=f"{label} ends on the better side",
        scenarios=(scene(SURFACES.create("reddi"), 20_000, NOISES.create("minibatch", size=1, order="cycle"), arm(label, "constant", 0.1, rule)),),
        readings=(partial(place, axis=0),),
        effect=Number("How far to the better side it ends", fall, certain),
        expected=expected,
        kind=kind,
        count=1,
        theory=Theory(
            r"\text{drift of a period} = -\eta\sum_k \frac{m_k}{\sqrt{v_k}}",
            "The steep step raises v, which divides it itself the most and the gentle ones after it less and less.",
            "Reddi, Kale & Kumar (2018), On the convergence of Adam and beyond.",
        ),
        pictures=(courses,),
        why=why,
    )


CLAIM = Claim(
    "E5",
    "Adaptive methods",
    "Adam, RMSprop and AdaGrad set a rate per parameter and may need no explicit reduction.",
    "Adam on a noisy bowl, 1,000 updates, tuned with a constant rate and with a cosine. Does the cosine gain anything?",
    (
        _adam,
        _adam.but(
            "adam_interpolated",
            "Adam on labels that can be fitted exactly",
            _adam.says,
            Status.SUPPORTED,
            scenarios=(
                scene(
                    SURFACES.create("iris_regression", mix=0.0),
                    500,
                    NOISES.create("minibatch", size=5),
                    *(arm(f"Adam, {name}", name, 0.05, "adam") for name in ("constant", "cosine")),
                    start=Circle(x=0.416, y=-0.363, radius=1.5),
                ),
            ),
            count=200,
            tuned=Tuned(),
            theory=None,
            pictures=(losses,),
            why="Where the noise ends at the minimum nothing has to be calmed – with Adam as with SGD.",
        ),
        _instead("sgd", Status.REFUTED, "SGD for comparison: the same gain as Adam's and a little more."),
        _instead("rmsprop", Status.REFUTED, "RMSprop forgets old gradients as Adam does, and hovers like it."),
        _instead(
            "adagrad",
            Status.INCONCLUSIVE,
            "AdaGrad adds up all gradients, so its steps shrink like 1/√t by themselves: it gains least, about as much as the margin.",
            tuned=Tuned(count=300, per_decade=8),
        ),
        _trend(
            "adagrad",
            "adagrad_trend",
            "AdaGrad over a longer run",
            Status.SUPPORTED,
            "The sum of squared gradients grows with every update, which divides the rate by √t.",
            Kind.CLAIM,
        ),
        _trend(
            "adam",
            "adam_trend",
            "Adam over a longer run",
            Status.REVERSED,
            "Adam stays at its floor – and even rises to it: the large "
            "gradients of the start keep its first steps short for as long as it remembers them.",
            Kind.COUNTER,
        ),
        _trend("sgd", "sgd_trend", "SGD over a longer run", Status.REFUTED, "SGD stays at its floor.", Kind.COUNTER),
        _ravine,
        _ravine.but(
            "ravine_rotated",
            "The same ravine, rotated by 45°",
            _ravine.says,
            Status.REFUTED,
            surface__angle=45.0,
            why="Each coordinate now sees the same mixture of both curvatures, and a rate for each can change nothing.",
        ),
        _reddi(
            "reddi_adam",
            "Adam",
            Status.REVERSED,
            "Once in 101 steps the loss rises steeply to the right, else it falls gently. Adam forgets the steep step before the next one comes.",
            Kind.COUNTER,
            False,
        ),
        _reddi("reddi_amsgrad", "AMSGrad", Status.SUPPORTED, "AMSGrad keeps the largest scale it has seen.", Kind.RESTORED, True),
    ),
    "Adam and RMSprop set a rate per parameter, but they do not reduce it: under noise they gain from a schedule as SGD does. AdaGrad is the one "
    "that reduces by itself; it does not stall, which is not the same as not needing a schedule.",
)
