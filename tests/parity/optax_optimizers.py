"""The optimizers' cases that are compared with Optax, in one table, and the calls of the real ones."""

from typing import Any

import numpy as np

from lr_explorer.optimizers.base import Task
from tests.parity.torch_optimizers import START, STEPS, OptimizerCase, combined, rates
from tests.parity.torch_optimizers import gradients as any_gradients

FRAMEWORK = "optax_optimizers"

_DECAYS = (0.0, 0.02)
CASES = [
    *combined("schedule_free_sgd", beta1=(0.5, 0.9, 0.98), weight_lr_power=(0.0, 2.0), weight_decay=_DECAYS),
    *combined("schedule_free_adamw", beta1=(0.5, 0.9), beta2=(0.9, 0.999), eps=(1e-8, 1e-3), weight_decay=_DECAYS),
    *combined("prodigy", beta1=(0.0, 0.9), beta2=(0.9, 0.999), d0=(1e-6, 1e-2), safeguard_warmup=(False, True), weight_decay=_DECAYS),
    *combined("prodigy", beta3=(0.5,), d_coef=(0.5, 2.0), eps=(1e-3,)),
    *combined("dadapt_adam", beta1=(0.0, 0.9), beta2=(0.9, 0.999), d0=(1e-6, 1e-2), eps=(1e-8, 1e-3), weight_decay=_DECAYS),
    *combined("sgd", momentum=(0.9,), nesterov=(False, True), weight_decay=_DECAYS),
    *combined("adagrad", eps_in_sqrt=(True,), initial_accumulator_value=(0.1, 1.0), eps=(1e-7, 1e-3), weight_decay=_DECAYS),
    *combined("rmsprop", eps_in_sqrt=(False, True), lr_in_buffer=(True,), momentum=(0.0, 0.9), centered=(False, True), eps=(1e-3,)),
    # With bias correction the first variance is 0 give or take a rounding, of which only an epsilon inside the root makes nothing.
    *combined("rmsprop", eps_in_sqrt=(True,), bias_correction=(True,), centered=(False, True), alpha=(0.9,), eps=(1e-6,)),
    *combined("rmsprop", bias_correction=(True,), alpha=(0.9,), eps=(1e-6,)),
    *combined("rmsprop", initial_scale=(0.1,), eps_in_sqrt=(True,), weight_decay=_DECAYS),
    *combined("adadelta", rho=(0.9, 0.5), eps=(1e-6, 1e-3), weight_decay=_DECAYS),
    *combined("adam", convention=("optax",), amsgrad=(False, True), eps_root=(0.0, 1e-3), beta2=(0.999, 0.9), weight_decay=_DECAYS),
    *combined("adam", convention=("optax",), amsgrad=(True,), bias_correction=(False,)),
    *combined("adamw", eps_root=(0.0, 1e-6), weight_decay=(0.02,)),
    *combined("adamax", beta1=(0.9, 0.3), beta2=(0.999, 0.5)),
    *combined("nadam", convention=("optax",), beta1=(0.9, 0.3), beta2=(0.999, 0.9), eps=(1e-8, 1e-3)),
    *combined("radam", convention=("optax",), beta1=(0.9, 0.3), beta2=(0.9, 0.5), eps=(1e-8, 1e-3)),
    *combined("adabelief", beta1=(0.9, 0.5), beta2=(0.999, 0.9), eps=(1e-16, 1e-3), eps_root=(1e-16, 1e-6)),
    *combined("yogi", beta1=(0.9, 0.3), beta2=(0.999, 0.9), eps=(1e-3,), initial_accumulator_value=(1e-6, 0.1)),
    *combined("adan", beta1=(0.98, 0.5), beta2=(0.92, 0.5), beta3=(0.99, 0.9), eps_root=(1e-8, 1e-3), weight_decay=_DECAYS),
    *combined("ademamix", beta1=(0.9, 0.0), beta3=(0.9999, 0.9), alpha=(5.0, 0.5), weight_decay=_DECAYS),
    *combined("lion", beta1=(0.9, 0.5), beta2=(0.99, 0.9), weight_decay=_DECAYS),
    *combined("sign_sgd", momentum=(0.0, 0.9), weight_decay=_DECAYS),
]


def gradients() -> np.ndarray:
    """Return the gradients (steps, 2, lanes) that PyTorch's cases get, those of the last lane all of one sign: there the distance grows."""
    given = any_gradients()
    given[..., -1] = np.abs(given[..., -1])
    return given


def start_of(case: OptimizerCase) -> np.ndarray:
    # The rate-free methods' first steps are tiny: beside a start that is not 0 their errors would not show.
    return np.zeros_like(START) if case.optimizer.scales_rate else case.start


def path(case: OptimizerCase) -> np.ndarray:
    """Return our points at which the gradient is taken and our answers (2, steps + 1, 2, lanes)."""
    lanes = (2, 1, START.shape[1])
    x = start_of(case)[:, None].copy()
    rule = type(case.optimizer).rule([case.optimizer], Task(lanes, STEPS))
    points = [(x.copy(), x.copy())]
    for t, (rate, gradient) in enumerate(zip(rates(), gradients(), strict=True)):
        rule.step(t, np.array(rate), x, gradient[:, None].copy())
        points.append((x.copy(), (rule.answer() if rule.answer else x).copy()))
    return np.array(points).swapaxes(0, 1)[:, :, :, 0]


def answer(case: OptimizerCase) -> np.ndarray:
    """Return Optax's points at which the gradient is taken and its answers (2, steps + 1, 2, lanes), each lane for itself."""
    import jax

    with jax.enable_x64(True):
        lanes = [_lane(case, lane) for lane in range(START.shape[1])]
    return np.stack(lanes, axis=-1)


def _lane(case: OptimizerCase, lane: int) -> np.ndarray:
    import jax
    import jax.numpy as jnp
    import optax

    optimizer = _OPTAX[case.optimizer.name](case.optimizer)
    x = jnp.asarray(start_of(case)[:, lane])

    def step(carry: Any, gradient: Any) -> Any:
        x, state = carry
        updates, state = optimizer.update(gradient, state, x)
        x = optax.apply_updates(x, updates)
        evaluated = optax.contrib.schedule_free_eval_params(state, x) if case.optimizer.answers else x
        return (x, state), (x, evaluated)

    _, points = jax.lax.scan(step, (x, optimizer.init(x)), jnp.asarray(gradients()[..., lane]))
    return np.concatenate([np.stack([x, x])[:, None], np.stack(points)], axis=1)


def _rate(count: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(rates())[count]


def _schedule_free(base: Any, s: Any) -> Any:
    from optax import contrib

    # Optax counts the updates of the average from 1, those of the optimizer below it from 0.
    return contrib.schedule_free(base, lambda count: _rate(count - 1), s.beta1, s.weight_lr_power)


def _schedule_free_sgd(s: Any) -> Any:
    import optax

    return _schedule_free(optax.chain(optax.add_decayed_weights(s.weight_decay), optax.sgd(_rate)), s)


def _schedule_free_adamw(s: Any) -> Any:
    import optax

    scale = optax.scale_by_rms(decay=s.beta2, eps=s.eps, eps_in_sqrt=False, bias_correction=True)
    return _schedule_free(optax.chain(scale, optax.add_decayed_weights(s.weight_decay), optax.scale_by_learning_rate(_rate)), s)


def _prodigy(s: Any) -> Any:
    from optax import contrib

    return contrib.prodigy(
        _rate, (s.beta1, s.beta2), s.beta3 or None, s.eps, s.d0, s.d_coef, weight_decay=s.weight_decay, safeguard_warmup=s.safeguard_warmup
    )


def _dadapt_adam(s: Any) -> Any:
    from optax import contrib

    return contrib.dadapt_adamw(_rate, (s.beta1, s.beta2), s.eps, s.d0, s.weight_decay)


def _after_l2(make: Any) -> Any:
    """Return what makes Optax's transformation with the arm's decay added to the gradient before it, as Optax couples it."""

    def made(s: Any) -> Any:
        import optax

        return optax.chain(optax.add_decayed_weights(s.weight_decay), make(optax, s))

    return made


def _alone(make: Any) -> Any:
    def made(s: Any) -> Any:
        import optax

        return make(optax, s)

    return made


def _adam(optax: Any, s: Any) -> Any:
    if s.amsgrad:
        scale = optax.scale_by_amsgrad(s.beta1, s.beta2, s.eps, s.eps_root, None, s.bias_correction, s.bias_correction)
        return optax.chain(scale, optax.scale_by_learning_rate(_rate))
    return optax.adam(_rate, s.beta1, s.beta2, s.eps, s.eps_root)


def _rmsprop(optax: Any, s: Any) -> Any:
    return optax.rmsprop(_rate, s.alpha, s.eps, s.initial_scale, s.eps_in_sqrt, s.centered, s.momentum, bias_correction=s.bias_correction)


def _yogi(optax: Any, s: Any) -> Any:
    scale = optax.scale_by_yogi(s.beta1, s.beta2, s.eps, initial_accumulator_value=s.initial_accumulator_value)
    return optax.chain(scale, optax.scale_by_learning_rate(_rate))


def _ademamix(optax: Any, s: Any) -> Any:
    return optax.contrib.ademamix(_rate, s.beta1, s.beta2, s.beta3, s.alpha, s.eps, weight_decay=s.weight_decay)


def _sign(optax: Any, s: Any) -> Any:
    decay = optax.add_decayed_weights(s.weight_decay)
    return optax.chain(optax.ema(s.momentum, debias=False), optax.scale_by_sign(), decay, optax.scale_by_learning_rate(_rate))


_OPTAX = {
    "schedule_free_sgd": _schedule_free_sgd,
    "schedule_free_adamw": _schedule_free_adamw,
    "prodigy": _prodigy,
    "dadapt_adam": _dadapt_adam,
    "sgd": _after_l2(lambda optax, s: optax.sgd(_rate, s.momentum, s.nesterov)),
    "adagrad": _after_l2(lambda optax, s: optax.adagrad(_rate, s.initial_accumulator_value, s.eps)),
    "rmsprop": _after_l2(_rmsprop),
    "adadelta": _after_l2(lambda optax, s: optax.adadelta(_rate, s.rho, s.eps)),
    "adam": _after_l2(_adam),
    "adamw": _alone(lambda optax, s: optax.adamw(_rate, s.beta1, s.beta2, s.eps, s.eps_root, weight_decay=s.weight_decay)),
    "adamax": _after_l2(lambda optax, s: optax.adamax(_rate, s.beta1, s.beta2, s.eps)),
    "nadam": _after_l2(lambda optax, s: optax.nadam(_rate, s.beta1, s.beta2, s.eps)),
    "radam": _after_l2(lambda optax, s: optax.radam(_rate, s.beta1, s.beta2, s.eps)),
    "adabelief": _alone(lambda optax, s: optax.adabelief(_rate, s.beta1, s.beta2, s.eps, s.eps_root)),
    "yogi": _alone(_yogi),
    "adan": _alone(lambda optax, s: optax.adan(_rate, s.beta1, s.beta2, s.beta3, s.eps, s.eps_root, s.weight_decay)),
    "ademamix": _alone(_ademamix),
    "lion": _alone(lambda optax, s: optax.lion(_rate, s.beta1, s.beta2, weight_decay=s.weight_decay)),
    "sign_sgd": _alone(_sign),
}


def version() -> str:
    import optax

    return optax.__version__
