"""The optimizers' cases that are compared with PyTorch, in one table, and the calls of the real ones."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from tests.helpers import followed

FRAMEWORK = "torch_optimizers"

# Three lanes of given gradients. Exogenous, since along a loss of its own a rounding may grow without bound.
STEPS = 200
START = np.array([[0.0, 0.0, 0.0], [1.5, -0.7, 3.0]])
# With decay the point feeds back into its gradient. Near zero that would amplify roundings as any loop does, so these start far away.
FAR_START = np.array([[40.0, -60.0, 50.0], [150.0, -70.0, 30.0]])
# Every tenth point, and the first ones, where bias corrections and first-step rules show.
RECORDED = [*range(1, 10), *range(10, STEPS + 1, 10)]


def gradients() -> np.ndarray:
    """Return the gradients (steps, 2, lanes): tiny ones, which show where epsilon stands; any from 1e-9 to 1e3; growing ones."""
    rng = np.random.default_rng(20)
    any_size = rng.uniform(-9, 3, (STEPS, 2))
    exponent = np.stack([rng.uniform(-9, -6, (STEPS, 2)), any_size, np.sort(any_size, axis=0)], axis=-1)
    return rng.choice([-1.0, 1.0], exponent.shape) * 10**exponent


def rates() -> np.ndarray:
    """Return a changing rate, half a cosine wave: a constant one hides whether the rate stands inside or outside a buffer."""
    return 0.05 * (1 + np.cos(np.pi * np.arange(STEPS) / STEPS))


@dataclass(frozen=True)
class OptimizerCase:
    id: str
    optimizer: Optimizer

    @property
    def start(self) -> np.ndarray:
        return FAR_START if getattr(self.optimizer, "weight_decay", 0) else START


def optimizer_case(name: str, **values: Any) -> OptimizerCase:
    return OptimizerCase(" ".join([name, *(f"{key}={value}" for key, value in values.items())]), OPTIMIZERS.create(name, **values))


def combined(name: str, **options: tuple[Any, ...]) -> list[OptimizerCase]:
    return [optimizer_case(name, **dict(zip(options, values, strict=True))) for values in product(*options.values())]


_DECAYS = (0.0, 0.02)
CASES = [
    *combined("sgd", momentum=(0.0, 0.5, 0.9), dampening=(0.0, 0.3, 1.0), weight_decay=_DECAYS),
    *combined("sgd", momentum=(0.5, 0.9), nesterov=(True,), weight_decay=_DECAYS),
    *combined("adagrad", lr_decay=(0.0, 0.05), initial_accumulator_value=(0.0, 0.1), weight_decay=_DECAYS, eps=(1e-10, 1e-3)),
    *combined("rmsprop", alpha=(0.99, 0.6), momentum=(0.0, 0.9), centered=(False, True), weight_decay=_DECAYS),
    *combined("rmsprop", eps=(1e-3,), momentum=(0.0, 0.9), centered=(False, True)),
    *(
        case
        for name in ("adam", "adamw")
        for betas in ({"beta1": (0.9,), "beta2": (0.999,)}, {"beta1": (0.0,), "beta2": (0.99,), "eps": (1e-3,)}, {"beta1": (0.3,), "beta2": (0.5,)})
        for case in combined(name, amsgrad=(False, True), weight_decay=_DECAYS, **betas)
    ),
    *combined("adadelta", rho=(0.9, 0.5), eps=(1e-6, 1e-3), weight_decay=_DECAYS),
    *combined("adamax", beta1=(0.9, 0.0), beta2=(0.999, 0.5), weight_decay=_DECAYS),
    *combined("adamax", eps=(1e-3,)),
    *combined("nadam", beta1=(0.9, 0.3), beta2=(0.999, 0.9), weight_decay=_DECAYS),
    *combined("nadam", momentum_decay=(0.0, 1.0), eps=(1e-3,), decoupled_weight_decay=(False, True), weight_decay=(0.02,)),
    *combined("radam", beta1=(0.9, 0.3), beta2=(0.999, 0.9, 0.5), weight_decay=_DECAYS),
    *combined("radam", eps=(1e-3,), decoupled_weight_decay=(False, True), weight_decay=(0.02,)),
    *combined("rprop"),
    *combined("rprop", eta_minus=(0.3,), eta_plus=(1.5,), step_min=(1e-3,), step_max=(0.2,)),
    *combined("asgd", lambd=(1e-4, 0.1), alpha=(0.75, 1.0), weight_decay=_DECAYS),
]
# Ours -> PyTorch's names, where one of theirs is a pair of ours.
PAIRS = {"betas": ("beta1", "beta2"), "etas": ("eta_minus", "eta_plus"), "step_sizes": ("step_min", "step_max")}
KINDS = {
    "sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adadelta": "Adadelta", "adam": "Adam", "adamw": "AdamW", "adamax": "Adamax",
    "nadam": "NAdam", "radam": "RAdam", "rprop": "Rprop", "asgd": "ASGD",
}  # fmt: skip
# Options that PyTorch does not have.
OWN = ("eps_in_sqrt", "lr_in_buffer", "bias_correction", "initial_scale", "convention", "eps_root")


def path(case: OptimizerCase) -> np.ndarray:
    """Return our points (steps + 1, 2, lanes)."""
    points, _ = followed([case.optimizer], rates(), gradients(), case.start)
    return points[:, :, 0]


def torch_optimizer(optimizer: Optimizer, x: Any) -> Any:
    """Return PyTorch's optimizer of the tensor x."""
    import torch

    values = {name: getattr(optimizer, name) for name in optimizer.params() if name not in OWN}
    values |= {theirs: tuple(values.pop(name) for name in ours) for theirs, ours in PAIRS.items() if ours[0] in values}
    return getattr(torch.optim, KINDS[optimizer.name])([x], lr=1.0, foreach=False, **values)


def in_double_precision(ask: Any) -> Any:
    """Return the function run with PyTorch's default type doubled: NAdam and ASGD keep numbers in it."""

    def asked(*arguments: Any) -> Any:
        import torch

        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return ask(*arguments)
        finally:
            torch.set_default_dtype(default)

    return asked


@in_double_precision
def answer(case: OptimizerCase) -> np.ndarray:
    """Return PyTorch's points (steps + 1, 2, lanes)."""
    import torch

    x = torch.tensor(case.start, requires_grad=True)
    optimizer = torch_optimizer(case.optimizer, x)
    points = [case.start]
    for rate, gradient in zip(rates(), gradients(), strict=True):
        optimizer.param_groups[0]["lr"] = float(rate)
        x.grad = torch.tensor(gradient)
        optimizer.step()
        points.append(x.detach().numpy().copy())
    return np.array(points)


def version() -> str:
    import torch

    return torch.__version__
