"""A schedule that cycles momentum hands every update its own, and the optimizer uses it as PyTorch does."""

import numpy as np
import pytest

from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.optimizers.base import Task
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm
from tests.parity.torch_optimizers import in_double_precision, torch_optimizer

STEPS = 12
RATES = 0.01 * (1 + np.arange(STEPS) % 5)
# Down to exactly 0 and up again: PyTorch then leaves the velocity as it is.
MOMENTA = np.array([0.95, 0.9, 0.5, 0.0, 0.0, 0.3, 0.85, 0.8, 0.9, 0.95, 0.99, 0.6])
GRADIENTS = np.stack([np.cos(np.arange(STEPS)) * 10.0 ** (np.arange(STEPS) % 3 - 1), 1.0 / (1 + np.arange(STEPS))], axis=1)
CASES = {
    "sgd": {},
    "sgd dampened": {"momentum": 0.5, "dampening": 0.4, "weight_decay": 0.1},
    "sgd nesterov": {"momentum": 0.5, "nesterov": True},
    "rmsprop": {"momentum": 0.2, "centered": True},
    "adam": {"weight_decay": 0.1},
    "adam amsgrad": {"amsgrad": True, "beta2": 0.9},
    "adamw": {},
    "adamax": {"weight_decay": 0.1},
    "nadam": {"momentum_decay": 0.1},
    "radam": {"beta2": 0.9},
}
# The last point from (1, −2), as PyTorch 2.13 computes it.
RECORDED = {
    "sgd": [1.0210484439106198, -2.19935678633746],
    "sgd dampened": [0.9665911649870118, -2.034778146677668],
    "sgd nesterov": [1.1223825162205183, -2.21385248451035],
    "rmsprop": [0.13460432647608847, -3.8086033435350655],
    "adam": [0.7513734169078534, -1.9683119994519251],
    "adam amsgrad": [0.7906763104767853, -2.209226509280789],
    "adamw": [0.7762490195822421, -2.209671191642341],
    "adamax": [0.8874520903915306, -2.002759626010795],
    "nadam": [0.986508406348703, -2.1272671735890962],
    "radam": [0.9802592089965061, -2.1326345622452116],
}

every_case = pytest.mark.parametrize("case", CASES)


def optimizer_of(case):
    return OPTIMIZERS.create(case.split(" ")[0], **CASES[case])


def ours(optimizer, momenta):
    x = np.array([1.0, -2.0]).reshape(2, 1, 1)
    rule = type(optimizer).rule([optimizer], Task(x.shape, STEPS, momenta))
    points = []
    for t, (rate, gradient) in enumerate(zip(RATES, GRADIENTS, strict=True)):
        rule.step(t, np.array(rate), x, gradient.reshape(2, 1, 1).copy())
        points.append(x[:, 0, 0].copy())
    return np.array(points)


@in_double_precision
def torchs(optimizer, momenta):
    import torch

    x = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    made = torch_optimizer(optimizer, x)
    group, points = made.param_groups[0], []
    for rate, share, gradient in zip(RATES, momenta, GRADIENTS, strict=True):
        group["lr"] = float(rate)
        # What OneCycleLR and CyclicLR do.
        group |= {"betas": (float(share), group["betas"][1])} if "betas" in group else {"momentum": float(share)}
        x.grad = torch.tensor(gradient)
        made.step()
        points.append(x.detach().numpy().copy())
    return np.array(points)


@every_case
def test_cycled_momentum_leads_where_it_leads_in_torch(case):
    np.testing.assert_allclose(ours(optimizer_of(case), MOMENTA)[-1], RECORDED[case], rtol=1e-13)


@pytest.mark.oracle
@every_case
def test_cycled_momentum_is_torchs_step_by_step(case):
    np.testing.assert_allclose(ours(optimizer_of(case), MOMENTA), torchs(optimizer_of(case), MOMENTA), rtol=1e-13)


@every_case
def test_a_cycle_that_stands_still_is_the_optimizers_own_momentum(case):
    optimizer = optimizer_of(case).with_values(**{optimizer_of(case).momentum_name: 0.7})
    # Two orders of operations.
    np.testing.assert_allclose(ours(optimizer, np.full(STEPS, 0.7)), ours(optimizer, None), rtol=1e-13)


CYCLING = SCHEDULES.create("one_cycle", peak=0.05, cycle_momentum=True)
BOWL = Scenario(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=3.0), start=Point(1.0, -2.0), noise=Gaussian(), steps=30)


def test_a_run_under_a_cycling_schedule_is_what_a_plain_loop_computes():
    found = simulate(BOWL.with_values(arms=(Arm(schedule=CYCLING),))).arms[0]
    lr, momentum = CYCLING.values(30), CYCLING.momentum(30)
    assert momentum.min() < 0.86 < 0.94 < momentum.max()
    point, velocity = np.array([1.0, -2.0]), np.zeros(2)
    for t in range(30):
        velocity = momentum[t] * velocity + [1.0, 3.0] * point
        point = point - lr[t] * velocity
    np.testing.assert_allclose(found.final[:, 0], point, rtol=1e-12)


def test_arms_under_different_cycles_run_as_if_each_were_alone():
    arms = tuple(
        Arm(optimizer=OPTIMIZERS.create(name), schedule=CYCLING.with_values(max_momentum=top)) for name in ("sgd", "adam") for top in (0.9, 0.95)
    )
    arms = (*arms, arm("constant", momentum=0.9), arm("constant", "adam"))
    together = simulate(BOWL.with_values(arms=arms), 2)
    for place, one in enumerate(arms):
        np.testing.assert_array_equal(together.arms[place].path, simulate(BOWL.with_values(arms=(one,)), 2).arms[0].path)


@pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if not cls.momentum_name])
def test_a_cycle_needs_an_optimizer_that_has_momentum(name):
    with pytest.raises(ValueError, match=r"OneCycle\.cycle_momentum needs an optimizer with momentum or β₁, as in PyTorch; got "):
        Arm(optimizer=OPTIMIZERS.create(name), schedule=CYCLING)


def test_a_link_that_asks_for_a_cycle_without_momentum_keeps_the_rest_and_says_so():
    query = {"arm1.optimizer": "adagrad", "arm1.schedule": "one_cycle", "arm1.schedule.cycle_momentum": "true", "steps": "40"}
    scenario = Scenario.from_query(query)
    assert type(scenario.arms[0].optimizer).name == "adagrad"
    assert scenario.steps == 40
    (complaint,) = scenario.complaints
    assert "cycle_momentum needs an optimizer" in complaint


@pytest.mark.oracle
def test_torch_refuses_to_cycle_the_momentum_of_adagrad():
    import torch

    adagrad = torch.optim.Adagrad([torch.zeros(1, requires_grad=True)])
    with pytest.raises(ValueError, match="must support momentum or beta1 with `cycle_momentum`"):
        torch.optim.lr_scheduler.OneCycleLR(adagrad, 0.1, 10)
