"""What tests share: every registry, random valid things, and an optimizer fed with given gradients."""

import numpy as np
from hypothesis import strategies as st

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.batches import BATCHES
from lr_explorer.clipping import CLIPPINGS
from lr_explorer.controllers import CONTROLLERS
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.optimizers.base import Task
from lr_explorer.params import Choice, Flag, Formula, Number, Points, Series, Upload
from lr_explorer.scenario import ARM_COLOURS, MAX_ARMS, Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.start import STARTS
from lr_explorer.surfaces import SURFACES
from lr_explorer.ui.state import ADDED
from lr_explorer.wrappers import WRAPPERS

REGISTRIES = {
    "surface": SURFACES, "schedule": SCHEDULES, "controller": CONTROLLERS, "optimizer": OPTIMIZERS, "wrapper": WRAPPERS, "clipping": CLIPPINGS,
    "averaging": AVERAGINGS, "batch": BATCHES, "noise": NOISES, "start": STARTS,
}  # fmt: skip
# Every registered class, the two that a scenario's link is made of, and what the pages add to it.
CLASSES = {f"{kind}-{name}": cls for kind, registry in REGISTRIES.items() for name, cls in registry.items()}
DESCRIBED = CLASSES | {"arm": Arm, "scenario": Scenario} | {cls.__name__.lower(): cls for _, cls in ADDED}
# Formulas of t and T that have a value, not below 0, at every update.
FORMULAS = ["1 - t/T", "0.5(1 + cos(pi t/T))", "1/sqrt(t + 1)", "where(t < 10, 1, 0.1)", "min(1, (t + 1)/5)^2", "π/4", "2·0.9^t"]
PARAMS = {f"{key}-{name}": (cls, name, param) for key, cls in DESCRIBED.items() for name, param in cls.params().items()}


def values_of(param):
    """Return a strategy for valid values of a parameter."""
    if isinstance(param, Number):
        return st.integers(param.low, param.high) if param.whole else st.floats(param.low, param.high)
    if isinstance(param, Choice):
        return st.sampled_from(list(param.options))
    if isinstance(param, Flag):
        return st.booleans()
    if isinstance(param, Formula):
        return st.sampled_from([text for text in FORMULAS if param.variables == ("t", "T")] or [param.default])
    if isinstance(param, Upload):
        return st.sampled_from(list(param.known()))
    if isinstance(param, Series):
        one = values_of(Number(param.low, param.low, param.high, "", "", whole=param.whole))
        return st.lists(one, min_size=1, max_size=param.most).map(sorted if param.rising else list).map(tuple)
    if isinstance(param, Points):
        (low, high), across = param.box
        x = st.integers(0, 100_000).map(lambda place: low + (high - low) * place / 100_000)
        return st.dictionaries(x, st.floats(*across), min_size=2, max_size=param.most).map(lambda points: tuple(sorted(points.items())))
    # What Python calls printable: no controls, and of what separates words the plain space.
    printable = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
    return st.text(printable, min_size=1, max_size=param.longest).filter(str.strip)


@st.composite
def things(draw, cls, **fixed):
    """Draw an object of a described class with random valid parameters and parts."""
    params = cls.params()
    values = {name: draw(values_of(param)) for name, param in params.items()}
    values |= {name: draw(any_of(part.registry)) for name, part in cls.parts().items() if name not in fixed}
    values |= fixed
    try:
        return cls(**values)
    except ValueError:
        # Rules between parameters are about switches and parts; with these as they are made every number is allowed.
        ruled = {name for name, param in params.items() if isinstance(param, Flag)} | set(cls.parts()) - set(fixed)
        return cls(**{name: value for name, value in values.items() if name not in ruled})


def any_of(registry):
    """Return a strategy for objects of any class of a registry."""
    return st.one_of([things(cls) for cls in registry.values()])


@st.composite
def scenarios(draw):
    """Draw a scenario of everything that there is."""
    surface = draw(any_of(SURFACES))
    noise = draw(st.one_of([things(cls) for cls in NOISES.values() if not cls.refusal(surface)]))
    return draw(things(Scenario, surface=surface, noise=noise, arms=tuple(draw(st.lists(things(Arm), min_size=1, max_size=MAX_ARMS)))))


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
    rule = type(optimizers[0]).rule(optimizers, Task(lanes, len(gradients), normals=lambda t: np.zeros((2, 1, lanes[2]))))
    points = [x.copy()]
    for t, gradient in enumerate(gradients):
        rule.step(t, np.asarray(rates[t])[..., None], x, np.broadcast_to(gradient[:, None, :], lanes).copy())
        points.append(rule.answer().copy() if rule.answer else x.copy())
    return np.array(points), rule.memory(len(gradients) - 1)
