"""The optimizers' cases that are compared with Keras, in one table, and the calls of the real ones: where Keras goes its own way."""

import os
from typing import Any

import numpy as np

from tests.parity.torch_optimizers import START, OptimizerCase, combined, gradients, path, rates

__all__ = ["CASES", "FRAMEWORK", "answer", "path", "version"]

FRAMEWORK = "keras_optimizers"

CASES = [
    *combined("heavy_ball", momentum=(0.5, 0.9)),
    *combined("sgd", lr_in_buffer=(True,), momentum=(0.5, 0.9), nesterov=(False, True)),
    *combined("adagrad", eps_in_sqrt=(True,), initial_accumulator_value=(0.1,), eps=(1e-7, 1e-3)),
    *combined("rmsprop", eps_in_sqrt=(True,), lr_in_buffer=(True,), momentum=(0.0, 0.9), centered=(False, True), alpha=(0.9,), eps=(1e-7, 1e-3)),
    *combined("adam", convention=("keras",), amsgrad=(False, True), eps=(1e-7, 1e-3), beta2=(0.999, 0.9)),
    *combined("adadelta", rho=(0.95,), eps=(1e-7,)),
    *combined("lion", beta1=(0.9, 0.5), beta2=(0.99,)),
]


def answer(case: OptimizerCase) -> np.ndarray:
    """Return Keras's points (steps + 1, 2, lanes)."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    precision = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        optimizer = _keras(case.optimizer)
        x = keras.Variable(START, dtype="float64")
        optimizer.build([x])
        points = [START]
        for rate, gradient in zip(rates(), gradients(), strict=True):
            optimizer.learning_rate.assign(rate)
            optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [x])
            points.append(x.value.detach().cpu().numpy().copy())
    finally:
        keras.config.set_floatx(precision)
    return np.array(points)


def _keras(s: Any) -> Any:
    from keras import optimizers

    return {
        "heavy_ball": lambda: optimizers.SGD(1.0, s.momentum),
        "sgd": lambda: optimizers.SGD(1.0, s.momentum, s.nesterov),
        "adagrad": lambda: optimizers.Adagrad(1.0, s.initial_accumulator_value, s.eps),
        "rmsprop": lambda: optimizers.RMSprop(1.0, s.alpha, s.momentum, s.eps, s.centered),
        "adam": lambda: optimizers.Adam(1.0, s.beta1, s.beta2, s.eps, s.amsgrad),
        "adadelta": lambda: optimizers.Adadelta(1.0, s.rho, s.eps),
        "lion": lambda: optimizers.Lion(1.0, s.beta1, s.beta2),
    }[s.name]()


def version() -> str:
    import keras

    return keras.__version__
