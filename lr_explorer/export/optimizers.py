"""An arm's optimizer in each framework's words, with a note wherever the framework's rule is another one than the arm's, PyTorch's."""

from collections.abc import Callable
from typing import Any

from lr_explorer.export.snippet import OptimizerLines
from lr_explorer.optimizers import Optimizer

Lines = Callable[[Any], OptimizerLines]

_KERAS_BUFFER = "Keras keeps the rate inside the momentum buffer: the same while the rate is constant, not while it changes."
_OPTAX_BUFFER = "Optax keeps the rate inside the momentum buffer of RMSprop: the same while the rate is constant, not while it changes."
_NO_DAMPENING = "{} has no dampening: the new gradient counts in full."
_NO_L2 = "Keras's weight_decay is decoupled; this arm's is L2: add {:g} / 2 times the sum of the squared weights to the loss."
_EPS_IN_ROOT = "{} adds epsilon inside the root."
_NO_RATE_DECAY = "{} has no rate decay of its own: divide the schedule's rate by 1 + step * {:g}."


def _call(name: str, rate: str, optimizer: Optimizer, **names: str) -> str:
    """Return a call with those of the optimizer's parameters that are not at their defaults; `names`: ours -> the framework's."""
    changed = {theirs: getattr(optimizer, ours) for ours, theirs in names.items() if getattr(optimizer, ours) != optimizer.params()[ours].default}
    return f"{name}({', '.join([rate, *(f'{key}={value!r}' for key, value in changed.items())])})"


def _torch(name: str, *options: str) -> Lines:
    """Return what makes PyTorch's class, whose options and defaults ours are."""

    def lines(optimizer: Optimizer) -> OptimizerLines:
        return OptimizerLines(_call(f"torch.optim.{name}", "model.parameters(), lr=peak", optimizer, **{option: option for option in options}))

    return lines


def _torch_adam(name: str) -> Lines:
    def lines(o: Any) -> OptimizerLines:
        code = _call(f"torch.optim.{name}", f"model.parameters(), lr=peak, betas=({o.beta1!r}, {o.beta2!r})", o, **_same("eps", "amsgrad"))
        # AdamW's default differs from Adam's, so it is always written where there is any.
        return OptimizerLines(f"{code[:-1]}, weight_decay={o.weight_decay!r})" if o.weight_decay or name == "AdamW" else code)

    return lines


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _keras_l2(o: Any) -> list[str]:
    return [_NO_L2.format(o.weight_decay)] if o.weight_decay else []


def _keras_sgd(o: Any) -> OptimizerLines:
    notes = [*([_KERAS_BUFFER] if o.momentum else []), *([_NO_DAMPENING.format("Keras")] if o.momentum and o.dampening else []), *_keras_l2(o)]
    return OptimizerLines(_call("keras.optimizers.SGD", "learning_rate=schedule", o, **_same("momentum", "nesterov")), tuple(notes))


def _keras_adagrad(o: Any) -> OptimizerLines:
    options = f"learning_rate=schedule, initial_accumulator_value={o.initial_accumulator_value!r}, epsilon={o.eps!r}"
    notes = [_EPS_IN_ROOT.format("Keras"), *([_NO_RATE_DECAY.format("Keras", o.lr_decay)] if o.lr_decay else []), *_keras_l2(o)]
    return OptimizerLines(f"keras.optimizers.Adagrad({options})", tuple(notes))


def _keras_rmsprop(o: Any) -> OptimizerLines:
    code = _call("keras.optimizers.RMSprop", f"learning_rate=schedule, rho={o.alpha!r}, epsilon={o.eps!r}", o, **_same("momentum", "centered"))
    return OptimizerLines(code, (_EPS_IN_ROOT.format("Keras"), *([_KERAS_BUFFER] if o.momentum else []), *_keras_l2(o)))


def _keras_adam(name: str) -> Lines:
    def lines(o: Any) -> OptimizerLines:
        decay = f", weight_decay={o.weight_decay!r}" if name == "AdamW" else ""
        options = f"learning_rate=schedule, beta_1={o.beta1!r}, beta_2={o.beta2!r}, epsilon={o.eps!r}{decay}"
        note = "Keras adds epsilon before the second moment's bias is corrected: in the first updates it counts for more."
        return OptimizerLines(_call(f"keras.optimizers.{name}", options, o, amsgrad="amsgrad"), (note, *(_keras_l2(o) if name == "Adam" else [])))

    return lines


def _optax_l2(o: Any, code: str) -> str:
    """Return the transformation with L2 before it, which is how Optax couples weight decay."""
    return f"optax.chain(optax.add_decayed_weights({o.weight_decay!r}), {code})" if o.weight_decay else code


def _optax_sgd(o: Any) -> OptimizerLines:
    notes = [_NO_DAMPENING.format("Optax")] if o.momentum and o.dampening else []
    return OptimizerLines(_optax_l2(o, _call("optax.sgd", "schedule", o, **_same("momentum", "nesterov"))), tuple(notes))


def _optax_adagrad(o: Any) -> OptimizerLines:
    code = f"optax.adagrad(schedule, initial_accumulator_value={o.initial_accumulator_value!r}, eps={o.eps!r})"
    notes = [_EPS_IN_ROOT.format("Optax"), *([_NO_RATE_DECAY.format("Optax", o.lr_decay)] if o.lr_decay else [])]
    return OptimizerLines(_optax_l2(o, code), tuple(notes))


def _optax_rmsprop(o: Any) -> OptimizerLines:
    code = _call("optax.rmsprop", f"schedule, decay={o.alpha!r}, eps={o.eps!r}, eps_in_sqrt=False", o, **_same("momentum", "centered"))
    return OptimizerLines(_optax_l2(o, code), (_OPTAX_BUFFER,) if o.momentum else ())


def _optax_adam(o: Any) -> OptimizerLines:
    notes = ("Optax's AMSGrad takes the largest second moment after its bias is corrected, PyTorch's before.",) if o.amsgrad else ()
    code = f"optax.{'amsgrad' if o.amsgrad else 'adam'}(schedule, b1={o.beta1!r}, b2={o.beta2!r}, eps={o.eps!r})"
    return OptimizerLines(_optax_l2(o, code), notes)


def _optax_adamw(o: Any) -> OptimizerLines:
    code = f"optax.adamw(schedule, b1={o.beta1!r}, b2={o.beta2!r}, eps={o.eps!r}, weight_decay={o.weight_decay!r})"
    return OptimizerLines(code, ("Optax's adamw has no AMSGrad.",) if o.amsgrad else ())


TORCH: dict[str, Lines] = {
    "sgd": _torch("SGD", "momentum", "dampening", "weight_decay", "nesterov"),
    "adagrad": _torch("Adagrad", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"),
    "rmsprop": _torch("RMSprop", "alpha", "eps", "weight_decay", "momentum", "centered"),
    "adam": _torch_adam("Adam"),
    "adamw": _torch_adam("AdamW"),
}
KERAS: dict[str, Lines] = {
    "sgd": _keras_sgd, "adagrad": _keras_adagrad, "rmsprop": _keras_rmsprop, "adam": _keras_adam("Adam"), "adamw": _keras_adam("AdamW"),
}  # fmt: skip
OPTAX: dict[str, Lines] = {
    "sgd": _optax_sgd, "adagrad": _optax_adagrad, "rmsprop": _optax_rmsprop, "adam": _optax_adam, "adamw": _optax_adamw,
}  # fmt: skip
