"""What tests share: every registry, random valid things, and an optimizer fed with given gradients."""

import numpy as np
from hypothesis import strategies as st

from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.params import Choice, Flag, Number
from lr_explorer.scenario import ARM_COLOURS, MAX_ARMS, Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.start import STARTS
from lr_explorer.surfaces import SURFACES

REGISTRIES = {"surface": SURFACES, "schedule": SCHEDULES, "optimizer": OPTIMIZERS, "noise": NOISES, "start": STARTS}
# Every registered class, and the two that a link is made of.
CLASSES = {f"{kind}-{name}": cls for kind, registry in REGISTRIES.items() for name, cls in registry.items()}
DESCRIBED = CLASSES | {"arm": Arm, "scenario": Scenario}
PARAMS = {f"{key}-{name}": (cls, name, param) for key, cls in DESCRIBED.items() for name, param in cls.params().items()}


def values_of(param):
    """Return a strategy for valid values of a parameter."""
    if isinstance(param, Number):
        return st.integers(param.low, param.high) if param.whole else st.floats(param.low, param.high)
    if isinstance(param, Choice):
        return st.sampled_from(list(param.options))
    if isinstance(param, Flag):
        return st.booleans()
    return st.text(min_size=1, max_size=param.longest).filter(lambda text: text.isprintable() and text.strip())


@st.composite
def things(draw, cls, **fixed):
    """Draw an object of a described class with random valid parameters."""
    params = cls.params()
    values = {name: draw(values_of(param)) for name, param in params.items()} | fixed
    try:
        return cls(**values)
    except ValueError:
        # Rules between parameters are about switches; with these off every number is allowed.
        return cls(**values | {name: param.default for name, param in params.items() if isinstance(param, Flag)})


def any_of(registry):
    """Return a strategy for objects of any class of a registry."""
    return st.one_of([things(cls) for cls in registry.values()])


@st.composite
def scenarios(draw):
    """Draw a scenario of everything that there is."""
    arm = st.builds(dict, optimizer=any_of(OPTIMIZERS), schedule=any_of(SCHEDULES)).flatmap(lambda kinds: things(Arm, **kinds))
    kinds = {key: draw(any_of(REGISTRIES[key])) for key in ("surface", "start", "noise")}
    return draw(things(Scenario, arms=tuple(draw(st.lists(arm, min_size=1, max_size=MAX_ARMS))), **kinds))


def arm(schedule="constant", optimizer="sgd", name="Arm", **values):
    """Return an arm; `values` go to the schedule and the optimizer, whichever has the parameter."""
    made = [registry.create(kind, **{k: v for k, v in values.items() if k in registry[kind].params()})
            for registry, kind in ((OPTIMIZERS, optimizer), (SCHEDULES, schedule))]  # fmt: skip
    return Arm(name, next(iter(ARM_COLOURS)), *made)


def followed(optimizers, rates, gradients, start):
    """Return the points (steps + 1, 2, arms, replicates) of optimizers fed with given gradients, and the last memory.

    optimizers: of equal structure. rates: (steps,) or (steps, arms). gradients: (steps, 2, replicates), for all arms. start: (2, replicates).
    """
    lanes = (2, len(optimizers), start.shape[1])
    x = np.broadcast_to(start[:, None, :], lanes).copy()
    rule = type(optimizers[0]).rule(optimizers, lanes, len(gradients))
    points = [x.copy()]
    for t, gradient in enumerate(gradients):
        rule.step(t, np.asarray(rates[t])[..., None], x, np.broadcast_to(gradient[:, None, :], lanes).copy())
        points.append(x.copy())
    return np.array(points), rule.memory(len(gradients) - 1)
