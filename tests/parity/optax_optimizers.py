"""The optimizers that set their rate themselves, compared with Optax: the cases in one table, and the calls of the real ones."""

from typing import Any

import numpy as np

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
    rule = type(case.optimizer).rule([case.optimizer], lanes, STEPS)
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
        evaluated = x if case.optimizer.scales_rate else optax.contrib.schedule_free_eval_params(state, x)
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


_OPTAX = {"schedule_free_sgd": _schedule_free_sgd, "schedule_free_adamw": _schedule_free_adamw, "prodigy": _prodigy, "dadapt_adam": _dadapt_adam}


def version() -> str:
    import optax

    return optax.__version__
