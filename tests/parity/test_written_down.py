"""Optimizers that no framework has are their papers' equations, written down once more in plain Python numbers."""

import math

import numpy as np
import pytest

from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.optimizers.base import Task
from tests.parity.test_optimizer_parity import TOLERANCE, compare_points
from tests.parity.torch_optimizers import START, STEPS, combined, gradients, rates


def nesterov(s, x, grads, etas, normals):
    """Sutskever et al. (2013), equations 3 and 4, the gradient being that at x + μv."""
    v, points = 0.0, []
    for g, eta in zip(grads, etas, strict=True):
        v = s.momentum * v - eta * g
        x += v
        points.append(x)
    return points


def qhm(s, x, grads, etas, normals):
    """Ma & Yarats (2019), equations 3 and 4, with L2 as their code has it."""
    d, points = 0.0, []
    for g, eta in zip(grads, etas, strict=True):
        decayed = g + s.weight_decay * x
        d = s.momentum * d + (1 - s.momentum) * decayed
        x -= eta * ((1 - s.nu) * decayed + s.nu * d)
        points.append(x)
    return points


def sgld(s, x, grads, etas, normals):
    """Welling & Teh (2011), equation 4, at temperature τ: a variance of 2ητ goes with a step of η."""
    points = []
    for g, eta, normal in zip(grads, etas, normals, strict=True):
        x += -eta * g + math.sqrt(2 * eta * s.temperature) * normal
        points.append(x)
    return points


WRITTEN_DOWN = {"nesterov": nesterov, "qhm": qhm, "sgld": sgld}
CASES = [
    *combined("nesterov", momentum=(0.5, 0.9)),
    *combined("qhm", momentum=(0.9, 0.999), nu=(0.0, 0.7, 1.0), weight_decay=(0.0, 0.02)),
    *combined("sgld", temperature=(0.0, 0.1, 3.0)),
]
NORMALS = np.random.default_rng(3).normal(size=(STEPS, *START.shape))


def path(case):
    """Return our points (steps + 1, 2, lanes)."""
    x = case.start[:, None].copy()
    rule = type(case.optimizer).rule([case.optimizer], Task(x.shape, STEPS, normals=lambda t: NORMALS[t][:, None]))
    points = [case.start]
    for t, (rate, gradient) in enumerate(zip(rates(), gradients(), strict=True)):
        rule.step(t, np.array(rate), x, gradient[:, None].copy())
        points.append((rule.answer() if rule.answer else x)[:, 0].copy())
    return np.array(points)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_points_are_those_of_the_equations(case):
    expected = np.empty((STEPS, *START.shape))
    for place in np.ndindex(START.shape):
        grads, normals = gradients()[:, *place].tolist(), NORMALS[:, *place].tolist()
        expected[:, *place] = WRITTEN_DOWN[case.optimizer.name](case.optimizer, float(case.start[place]), grads, rates().tolist(), normals)
    compare_points(path(case), expected, list(range(1, STEPS + 1)))


def test_quasi_hyperbolic_momentum_is_what_its_paper_says_it_contains():
    """ν = 0 is gradient descent; ν = 1 momentum with dampening β; ν = β Nesterov's at a rate multiplied by 1 − β (section 4.1)."""
    grads, start = gradients()[:, :, :1], START[:, :1]

    def points(name, factor=1.0, **values):
        x = start[:, None].copy()
        made = OPTIMIZERS.create(name, **values)
        rule = type(made).rule([made], Task(x.shape, STEPS))
        found = []
        for t, gradient in enumerate(grads):
            rule.step(t, np.array(0.01 * factor), x, gradient[:, None].copy())
            found.append(x[:, 0].copy())
        return np.array(found)

    # Roundings of sums of gradients up to 1e3.
    close = {"rtol": 1e-10, "atol": 1e3 * TOLERANCE}
    np.testing.assert_allclose(points("qhm", nu=0.0), points("sgd"), **close)
    np.testing.assert_allclose(points("qhm", nu=0.9, momentum=0.9), points("sgd", factor=0.1, momentum=0.9, nesterov=True), **close)
    np.testing.assert_allclose(points("qhm", nu=1.0, momentum=0.9), points("heavy_ball", factor=0.1), **close)
