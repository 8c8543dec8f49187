"""The loss-driven controllers that a framework has, fed with given losses: the cases in one table, and the calls of the real ones."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np

from lr_explorer.controllers import CONTROLLERS, Controller

FRAMEWORK = "controllers"
STEPS, LANES = 150, 4
PEAK = 0.1


def losses() -> np.ndarray:
    """Return the losses before each update (steps, lanes): falling with noise, in stairs, below zero, and with some that are no number."""
    rng = np.random.default_rng(3)
    t = np.arange(STEPS)
    falling = np.exp(-t / 20) + 0.1 * rng.normal(size=STEPS)
    stairs = np.floor(t / 20) * -0.1 + 1.0
    negative = -1 - 0.01 * np.sqrt(t) + 0.003 * rng.normal(size=STEPS)
    broken = np.where(rng.uniform(size=STEPS) < 0.3, np.nan, 2 - t / 97)
    return np.stack([falling, stairs, negative, broken], axis=1)


def gradients() -> np.ndarray:
    """Return the gradients that each update sees, (steps, 2, lanes)."""
    return np.random.default_rng(4).normal(size=(STEPS, 2, LANES))


@dataclass(frozen=True)
class ControllerCase:
    id: str
    controller: Controller
    real: Callable[[Any, np.ndarray], Iterator[float]]


def rates(case: ControllerCase) -> np.ndarray:
    """Return our rates (steps, lanes)."""
    control = type(case.controller).begins([case.controller], (2, 1, LANES), 0.0)
    return np.array([control.at(t, loss[None], grad[:, None])[0].copy() for t, (loss, grad) in enumerate(zip(losses(), gradients(), strict=True))])


def answer(case: ControllerCase) -> np.ndarray:
    """Return the framework's rates (steps, lanes)."""
    columns = [list(case.real(case.controller, lane)) for lane in losses().T]
    return np.array(columns).T


def _means(controller: Any, lane: np.ndarray) -> Iterator[float | None]:
    """Yield what a training loop reports before each update: the mean of the losses since the last report, where it is due."""
    for t in range(len(lane)):
        due = t > 0 and t % controller.every == 0
        yield float(lane[t + 1 - controller.every : t + 1].mean()) if due else None


def _torch(c: Any, lane: np.ndarray) -> Iterator[float]:
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    names = ("factor", "patience", "threshold", "threshold_mode", "cooldown")
    return _scheduled(c, lane, lambda sgd: ReduceLROnPlateau(sgd, min_lr=c.floor * c.peak, **{name: getattr(c, name) for name in names}))


def _greedy(c: Any, lane: np.ndarray) -> Iterator[float]:
    from transformers.optimization import GreedyLR

    names = ("factor", "patience", "threshold", "threshold_mode", "cooldown", "smooth", "window_size", "reset_start")
    options = {"warmup": c.pause, "min_lr": c.floor * c.peak, "max_lr": c.ceiling * c.peak} | {name: getattr(c, name) for name in names}
    return _scheduled(c, lane, lambda sgd: GreedyLR(sgd, **options))


def _scheduled(controller: Any, lane: np.ndarray, make: Callable[[Any], Any]) -> Iterator[float]:
    import torch

    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=controller.peak)
    scheduler = make(sgd)
    for metric in _means(controller, lane):
        if metric is not None:
            scheduler.step(metric)
        yield sgd.param_groups[0]["lr"]


def _keras(c: Any, lane: np.ndarray) -> Iterator[float]:
    os.environ["KERAS_BACKEND"] = "torch"
    from keras.callbacks import ReduceLROnPlateau

    callback = ReduceLROnPlateau("loss", c.factor, c.patience, mode="min", min_delta=c.threshold, cooldown=c.cooldown, min_lr=c.floor * c.peak)
    # All of a model that the callback touches.
    optimizer = SimpleNamespace(learning_rate=np.float64(c.peak))
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    for t, metric in enumerate(_means(c, lane)):
        if metric is not None:
            callback.on_epoch_end(t, {"loss": metric})
        yield float(optimizer.learning_rate)


def _cases(framework: str, name: str, real: Callable[[Any, np.ndarray], Iterator[float]], **options: Any) -> list[ControllerCase]:
    made = []
    for values in product(*(value if isinstance(value, list) else [value] for value in options.values())):
        chosen = dict(zip(options, values, strict=True))
        spelled = " ".join(f"{key}={value}" for key, value in chosen.items())
        made.append(ControllerCase(f"{framework} {name} {spelled}", CONTROLLERS.create(name, **{"peak": PEAK, "every": 1} | chosen), real))
    return made


_PLATEAU = {"patience": [0, 1, 3], "threshold": [1e-4, 0.05]}
_GREEDY = {"window_size": 5, "reset_start": 3}
CASES = [
    *_cases("torch", "reduce_on_plateau", _torch, **_PLATEAU, cooldown=[0, 2], threshold_mode=["rel", "abs"], floor=[0.0, 0.03]),
    *_cases("torch", "reduce_on_plateau", _torch, **_PLATEAU, factor=0.7, every=4),
    # Keras compares the rate with its floor in single precision; a rate of 1e-46 would be 0 there.
    *_cases("keras", "reduce_on_plateau", _keras, **_PLATEAU, convention="keras", threshold_mode="abs", cooldown=[0, 1, 2], floor=[1e-3, 0.03]),
    *_cases("keras", "reduce_on_plateau", _keras, **_PLATEAU, convention="keras", threshold_mode="abs", factor=0.7, every=4),
    *_cases("transformers", "greedy", _greedy, **_GREEDY, patience=[0, 2], cooldown=[0, 3], pause=[0, 2], floor=[0.0, 0.5], smooth=[False, True]),
    *_cases(
        "transformers", "greedy", _greedy, **_GREEDY, threshold_mode=["abs", "rel"], patience=[0, 2], ceiling=[1.0, 2.0], factor=0.5, every=[1, 4]
    ),
]


def version() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("torch", "keras", "transformers"))
