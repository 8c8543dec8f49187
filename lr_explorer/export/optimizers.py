"""An arm's optimizer in each framework's words, with a note wherever the framework's rule is another one than the arm's, PyTorch's."""

from collections.abc import Callable
from typing import Any

from lr_explorer.export.snippet import OptimizerLines
from lr_explorer.optimizers import Optimizer

Lines = Callable[[Any], OptimizerLines]

_BUFFER = "{} keeps the rate {} the momentum buffer: the same while the rate is constant, not while it changes."
_AHEAD = "{} follows the point x + momentum * v at which the gradient is taken, this arm x itself: the same run, seen one glance ahead."
_EPS_ORDER = {
    "yes": "{} adds epsilon before the second moment's bias is corrected: in the first updates it counts for more.",
    "no": "{} adds epsilon to the corrected second moment, not before the second moment's bias is corrected.",
}
_LARGEST = {
    "corrected": "{}'s AMSGrad takes the largest second moment after its bias is corrected, PyTorch's before.",
    "uncorrected": "{}'s AMSGrad takes the largest second moment before its bias is corrected, not after its bias is.",
}
_NO_DAMPENING = "{} has no dampening: the new gradient counts in full."
_NO_L2 = "Keras's weight_decay is decoupled; this arm's is L2: add {:g} / 2 times the sum of the squared weights to the loss."
_EPS_IN_ROOT = "{} adds epsilon inside the root."
_NO_RATE_DECAY = "{} has no rate decay of its own: divide the schedule's rate by 1 + step * {:g}."


def _call(name: str, rate: str, optimizer: Optimizer, **names: str) -> str:
    """Return a call with those of the optimizer's parameters that are not at their defaults; `names`: ours -> the framework's."""
    changed = {theirs: getattr(optimizer, ours) for ours, theirs in names.items() if getattr(optimizer, ours) != optimizer.params()[ours].default}
    return f"{name}({', '.join([rate, *(f'{key}={value!r}' for key, value in changed.items())])})"


def _notes(**where: tuple[bool, str]) -> tuple[str, ...]:
    """Return the sentences whose conditions hold; the names say what each is about."""
    return tuple(sentence for holds, sentence in where.values() if holds)


def _differences(o: Any, framework: str, eps: str, rate: str, largest: str, before_correction: str, has_eps_root: bool = False) -> tuple[str, ...]:
    """Return a sentence for each option of the arm that the framework's optimizer does not have.

    What the framework does: eps: "outside" or "inside" the root. rate: "outside" or "inside" the momentum buffer. largest: the second moments of
    which AMSGrad keeps the largest, "uncorrected" or "corrected". before_correction: whether epsilon comes before the bias correction, "yes" or "no".
    has_eps_root: whether its Adam has a second epsilon, inside the root.
    """
    has = {name: getattr(o, name, None) for name in ("eps_in_sqrt", "lr_in_buffer", "bias_correction", "initial_scale", "eps_root", "convention")}
    # RMSprop and SGD have a buffer only with momentum; AMSGrad is a switch of Adam.
    has_buffer, has_largest = has["lr_in_buffer"] is not None and o.momentum > 0, getattr(o, "amsgrad", False)
    is_in_buffer, is_in_root = (bool(has[name]) for name in ("lr_in_buffer", "eps_in_sqrt"))
    return _notes(
        eps=(has["eps_in_sqrt"] is not None and is_in_root != (eps == "inside"), _EPS_IN_ROOT.format(framework).replace("inside", eps)),
        rate=(has_buffer and is_in_buffer != (rate == "inside"), _BUFFER.format(framework, rate)),
        bias=(o.name == "rmsprop" and bool(has["bias_correction"]), f"{framework}'s RMSprop has no bias correction."),
        no_bias=(o.name in ("adam", "adamw") and not has["bias_correction"], f"{framework} has no switch that leaves the bias correction out."),
        first=(bool(has["initial_scale"]), f"{framework}'s RMSprop has no first mean square: it begins at 0."),
        eps_root=(bool(has["eps_root"]) and not has_eps_root, f"{framework} has no epsilon inside the root beside that outside."),
        keras=(
            o.name in ("adam", "adamw") and (has["convention"] == "keras") != (before_correction == "yes"),
            _EPS_ORDER[before_correction].format(framework),
        ),
        largest=(has_largest and (has["convention"] == "optax") != (largest == "corrected"), _LARGEST[largest].format(framework)),
    )


def _of_torch(o: Any) -> tuple[str, ...]:
    return _differences(o, "PyTorch", eps="outside", rate="outside", largest="uncorrected", before_correction="no")


def _of_keras(o: Any) -> tuple[str, ...]:
    return _differences(o, "Keras", eps="inside", rate="inside", largest="uncorrected", before_correction="yes")


def _torch(name: str, *options: str, **pairs: tuple[str, str]) -> Lines:
    """Return what makes PyTorch's class, whose options and defaults ours are; `pairs`: one option of theirs -> two of ours."""

    def lines(o: Any) -> OptimizerLines:
        both = "".join(
            f", {theirs}=({', '.join(repr(getattr(o, one)) for one in ours)})"
            for theirs, ours in pairs.items()
            if any(getattr(o, one) != o.params()[one].default for one in ours)
        )
        code = _call(f"torch.optim.{name}", f"model.parameters(), lr=peak{both}", o, **_same(*options))
        is_optaxs = o.name in ("nadam", "radam") and o.convention == "optax"
        return OptimizerLines(
            code, (*_of_torch(o), *_notes(convention=(is_optaxs, f"PyTorch's {name} has no such convention as this arm's, Optax's.")))
        )

    return lines


def _torch_adam(name: str) -> Lines:
    def lines(o: Any) -> OptimizerLines:
        code = _call(f"torch.optim.{name}", f"model.parameters(), lr=peak, betas=({o.beta1!r}, {o.beta2!r})", o, **_same("eps", "amsgrad"))
        # AdamW's default differs from Adam's, so it is always written where there is any.
        decayed = f"{code[:-1]}, weight_decay={o.weight_decay!r})" if o.weight_decay or name == "AdamW" else code
        return OptimizerLines(decayed, _of_torch(o))

    return lines


def _torch_heavy_ball(o: Any) -> OptimizerLines:
    return OptimizerLines(f"torch.optim.SGD(model.parameters(), lr=peak, momentum={o.momentum!r})", (_BUFFER.format("PyTorch", "outside"),))


def _torch_nesterov(o: Any) -> OptimizerLines:
    code = f"torch.optim.SGD(model.parameters(), lr=peak, momentum={o.momentum!r}, nesterov=True)"
    return OptimizerLines(code, (_AHEAD.format("PyTorch"), _BUFFER.format("PyTorch", "outside")))


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _keras_l2(o: Any) -> list[str]:
    return [_NO_L2.format(o.weight_decay)] if o.weight_decay else []


def _keras_sgd(o: Any) -> OptimizerLines:
    notes = [*_of_keras(o), *([_NO_DAMPENING.format("Keras")] if o.momentum and o.dampening else []), *_keras_l2(o)]
    return OptimizerLines(_call("keras.optimizers.SGD", "learning_rate=schedule", o, **_same("momentum", "nesterov")), tuple(notes))


def _keras_momentum(o: Any) -> OptimizerLines:
    is_nesterov = o.name == "nesterov"
    code = f"keras.optimizers.SGD(learning_rate=schedule, momentum={o.momentum!r}{', nesterov=True' if is_nesterov else ''})"
    return OptimizerLines(code, (_AHEAD.format("Keras"),) if is_nesterov else ())


def _keras_adagrad(o: Any) -> OptimizerLines:
    options = f"learning_rate=schedule, initial_accumulator_value={o.initial_accumulator_value!r}, epsilon={o.eps!r}"
    notes = [*_of_keras(o), *([_NO_RATE_DECAY.format("Keras", o.lr_decay)] if o.lr_decay else []), *_keras_l2(o)]
    return OptimizerLines(f"keras.optimizers.Adagrad({options})", tuple(notes))


def _keras_rmsprop(o: Any) -> OptimizerLines:
    code = _call("keras.optimizers.RMSprop", f"learning_rate=schedule, rho={o.alpha!r}, epsilon={o.eps!r}", o, **_same("momentum", "centered"))
    return OptimizerLines(code, (*_of_keras(o), *_keras_l2(o)))


def _keras_adadelta(o: Any) -> OptimizerLines:
    return OptimizerLines(f"keras.optimizers.Adadelta(learning_rate=schedule, rho={o.rho!r}, epsilon={o.eps!r})", tuple(_keras_l2(o)))


def _keras_adam(name: str) -> Lines:
    def lines(o: Any) -> OptimizerLines:
        decay = f", weight_decay={o.weight_decay!r}" if name == "AdamW" else ""
        options = f"learning_rate=schedule, beta_1={o.beta1!r}, beta_2={o.beta2!r}, epsilon={o.eps!r}{decay}"
        notes = (*_of_keras(o), *(_keras_l2(o) if name == "Adam" else []))
        return OptimizerLines(_call(f"keras.optimizers.{name}", options, o, amsgrad="amsgrad"), notes)

    return lines


def _keras_relative(name: str) -> Lines:
    """Return what makes Keras's Adamax, Nadam or Lion."""

    def lines(o: Any) -> OptimizerLines:
        epsilon = f", epsilon={o.eps!r}" if name != "Lion" else ""
        is_decoupled = o.weight_decay and getattr(o, "decoupled_weight_decay", name == "Lion")
        decay = f", weight_decay={o.weight_decay!r}" if is_decoupled else ""
        notes = _notes(
            adamax=(name == "Adamax", "Keras adds epsilon to the largest gradient, where this arm has it inside the maximum."),
            nadam=(name == "Nadam", "Keras has no momentum_decay: its Nadam lets the momentum rise as with 1."),
        )
        code = f"keras.optimizers.{name}(learning_rate=schedule, beta_1={o.beta1!r}, beta_2={o.beta2!r}{epsilon}{decay})"
        return OptimizerLines(code, (*notes, *([] if is_decoupled else _keras_l2(o))))

    return lines


def _optax_l2(o: Any, code: str) -> str:
    """Return the transformation with L2 before it, which is how Optax couples weight decay."""
    return f"optax.chain(optax.add_decayed_weights({o.weight_decay!r}), {code})" if o.weight_decay else code


def _of_optax(o: Any) -> tuple[str, ...]:
    """Return a sentence for each option that Optax does not have; RMSprop's it has."""
    if o.name == "rmsprop":
        return _notes(rate=(o.momentum > 0 and not o.lr_in_buffer, _BUFFER.format("Optax", "inside")))
    eps = "inside" if o.name == "adagrad" else "outside"
    return _differences(o, "Optax", eps=eps, rate="outside", largest="corrected", before_correction="no", has_eps_root=True)


def _optax_sgd(o: Any) -> OptimizerLines:
    notes = [*_of_optax(o), *([_NO_DAMPENING.format("Optax")] if o.momentum and o.dampening else [])]
    return OptimizerLines(_optax_l2(o, _call("optax.sgd", "schedule", o, **_same("momentum", "nesterov"))), tuple(notes))


def _optax_heavy_ball(o: Any) -> OptimizerLines:
    return OptimizerLines(f"optax.sgd(schedule, momentum={o.momentum!r})", (_BUFFER.format("Optax", "outside"),))


def _optax_nesterov(o: Any) -> OptimizerLines:
    code = f"optax.sgd(schedule, momentum={o.momentum!r}, nesterov=True)"
    return OptimizerLines(code, (_AHEAD.format("Optax"), _BUFFER.format("Optax", "outside")))


def _optax_adagrad(o: Any) -> OptimizerLines:
    code = f"optax.adagrad(schedule, initial_accumulator_value={o.initial_accumulator_value!r}, eps={o.eps!r})"
    notes = [*_of_optax(o), *([_NO_RATE_DECAY.format("Optax", o.lr_decay)] if o.lr_decay else [])]
    return OptimizerLines(_optax_l2(o, code), tuple(notes))


def _optax_rmsprop(o: Any) -> OptimizerLines:
    options = f"schedule, decay={o.alpha!r}, eps={o.eps!r}, eps_in_sqrt={o.eps_in_sqrt!r}"
    code = _call("optax.rmsprop", options, o, **_same("momentum", "centered", "bias_correction", "initial_scale"))
    return OptimizerLines(_optax_l2(o, code), _of_optax(o))


def _optax_adam(o: Any) -> OptimizerLines:
    code = f"optax.{'amsgrad' if o.amsgrad else 'adam'}(schedule, b1={o.beta1!r}, b2={o.beta2!r}, eps={o.eps!r}{_eps_root(o)})"
    return OptimizerLines(_optax_l2(o, code), _of_optax(o))


def _optax_adamw(o: Any) -> OptimizerLines:
    code = f"optax.adamw(schedule, b1={o.beta1!r}, b2={o.beta2!r}, eps={o.eps!r}{_eps_root(o)}, weight_decay={o.weight_decay!r})"
    notes = tuple(note for note in _of_optax(o) if "AMSGrad" not in note)
    return OptimizerLines(code, (*notes, *(("Optax's adamw has no AMSGrad.",) if o.amsgrad else ())))


def _eps_root(o: Any) -> str:
    return f", eps_root={o.eps_root!r}" if o.eps_root else ""


def _optax(name: str, **names: str) -> Lines:
    """Return what makes Optax's optimizer of this name; `names`: ours -> Optax's. Its decay, if it has any, is decoupled and as ours."""

    def lines(o: Any) -> OptimizerLines:
        options = ", ".join(["schedule", *(f"{theirs}={getattr(o, ours)!r}" for ours, theirs in names.items())])
        return OptimizerLines(f"optax.{name}({options})")

    return lines


_BETAS = {"beta1": "b1", "beta2": "b2"}


def _optax_coupled(name: str, **names: str) -> Lines:
    """Return the same with L2 before it."""
    plain = _optax(name, **names)
    return lambda o: OptimizerLines(_optax_l2(o, plain(o).code))


def _optax_nadam(o: Any) -> OptimizerLines:
    is_decoupled = bool(o.weight_decay) and o.decoupled_weight_decay
    code = _optax("nadamw" if is_decoupled else "nadam", **_BETAS, eps="eps", **({"weight_decay": "weight_decay"} if is_decoupled else {}))(o).code
    notes = _notes(mu=(o.convention == "torch", "Optax's nadam has no momentum_decay: its momentum is b1 throughout, PyTorch's rises to it."))
    return OptimizerLines(code if is_decoupled else _optax_l2(o, code), notes)


def _optax_radam(o: Any) -> OptimizerLines:
    notes = _notes(
        eps=(o.convention == "torch", "Optax's radam adds epsilon to the corrected second moment, not before the second moment's bias is corrected."),
        decay=(bool(o.weight_decay) and o.decoupled_weight_decay, "Optax's radam has no decoupled decay: this is L2."),
    )
    return OptimizerLines(_optax_l2(o, _optax("radam", **_BETAS, eps="eps")(o).code), notes)


def _optax_sign(o: Any) -> OptimizerLines:
    """Return Optax's sign_sgd, or with momentum its signum, the decay between sign and rate where there is any."""
    if not o.weight_decay:
        return OptimizerLines(f"optax.signum(schedule, beta={o.momentum!r})" if o.momentum else "optax.sign_sgd(schedule)")
    parts = [
        f"optax.ema({o.momentum!r}, debias=False)", "optax.scale_by_sign()", f"optax.add_decayed_weights({o.weight_decay!r})",
        "optax.scale_by_learning_rate(schedule)",
    ]  # fmt: skip
    return OptimizerLines(f"optax.chain({', '.join(parts)})")


def _optax_yogi(o: Any) -> OptimizerLines:
    first = o.initial_accumulator_value
    code = f"optax.scale_by_yogi(b1={o.beta1!r}, b2={o.beta2!r}, eps={o.eps!r}, initial_accumulator_value={first!r})"
    return OptimizerLines(f"optax.chain({code}, optax.scale_by_learning_rate(schedule))")


def _optax_rprop(o: Any) -> OptimizerLines:
    options = f"eta_minus={o.eta_minus!r}, eta_plus={o.eta_plus!r}, min_step_size={o.step_min!r}, max_step_size={o.step_max!r}"
    note = "Optax has no Rprop as PyTorch's: it applies each step one update later. Neither follows a schedule."
    return OptimizerLines(f"optax.rprop(peak, {options})", (note,))


def _optax_prodigy(o: Any) -> OptimizerLines:
    beta3 = f", beta3={o.beta3!r}" if o.beta3 else ""
    own = _call("", "schedule", o, **_same("eps", "weight_decay", "safeguard_warmup"), d0="estim_lr0", d_coef="estim_lr_coef")
    return OptimizerLines(f"optax.contrib.prodigy{own[:-1]}, betas=({o.beta1!r}, {o.beta2!r}){beta3})")


def _optax_dadapt(o: Any) -> OptimizerLines:
    own = _call("", "schedule", o, **_same("eps", "weight_decay"), d0="estim_lr0")
    return OptimizerLines(f"optax.contrib.dadapt_adamw{own[:-1]}, betas=({o.beta1!r}, {o.beta2!r}))")


_DECAYED = {"weight_decay": "weight_decay"}

TORCH: dict[str, Lines] = {
    "sgd": _torch("SGD", "momentum", "dampening", "weight_decay", "nesterov"),
    "heavy_ball": _torch_heavy_ball,
    "nesterov": _torch_nesterov,
    "asgd": _torch("ASGD", "lambd", "alpha", "weight_decay"),
    "adagrad": _torch("Adagrad", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"),
    "rmsprop": _torch("RMSprop", "alpha", "eps", "weight_decay", "momentum", "centered"),
    "adadelta": _torch("Adadelta", "rho", "eps", "weight_decay"),
    "adam": _torch_adam("Adam"),
    "adamw": _torch_adam("AdamW"),
    "adamax": _torch("Adamax", "eps", "weight_decay", betas=("beta1", "beta2")),
    "nadam": _torch("NAdam", "eps", "weight_decay", "momentum_decay", "decoupled_weight_decay", betas=("beta1", "beta2")),
    "radam": _torch("RAdam", "eps", "weight_decay", "decoupled_weight_decay", betas=("beta1", "beta2")),
    "rprop": _torch("Rprop", etas=("eta_minus", "eta_plus"), step_sizes=("step_min", "step_max")),
}
KERAS: dict[str, Lines] = {
    "sgd": _keras_sgd, "heavy_ball": _keras_momentum, "nesterov": _keras_momentum, "adagrad": _keras_adagrad, "rmsprop": _keras_rmsprop,
    "adadelta": _keras_adadelta, "adam": _keras_adam("Adam"), "adamw": _keras_adam("AdamW"), "adamax": _keras_relative("Adamax"),
    "nadam": _keras_relative("Nadam"), "lion": _keras_relative("Lion"),
}  # fmt: skip
OPTAX: dict[str, Lines] = {
    "sgd": _optax_sgd,
    "heavy_ball": _optax_heavy_ball,
    "nesterov": _optax_nesterov,
    "adagrad": _optax_adagrad,
    "rmsprop": _optax_rmsprop,
    "adadelta": _optax_coupled("adadelta", rho="rho", eps="eps"),
    "adam": _optax_adam,
    "adamw": _optax_adamw,
    "adamax": _optax_coupled("adamax", **_BETAS, eps="eps"),
    "nadam": _optax_nadam,
    "radam": _optax_radam,
    "adabelief": _optax("adabelief", **_BETAS, eps="eps", eps_root="eps_root"),
    "yogi": _optax_yogi,
    "adan": _optax("adan", **_BETAS, beta3="b3", eps="eps", eps_root="eps_root", **_DECAYED),
    "ademamix": _optax("contrib.ademamix", **_BETAS, beta3="b3", alpha="alpha", eps="eps", **_DECAYED),
    "lion": _optax("lion", **_BETAS, **_DECAYED),
    "sign_sgd": _optax_sign,
    "rprop": _optax_rprop,
    "prodigy": _optax_prodigy,
    "dadapt_adam": _optax_dadapt,
}

# What stands around an optimizer, by framework and name; `{...}` are its parameters.
PARTS: dict[tuple[str, str], str] = {
    ("PyTorch", "norm"): "call torch.nn.utils.clip_grad_norm_(model.parameters(), {max_norm!r}) before every optimizer.step()",
    ("PyTorch", "value"): "call torch.nn.utils.clip_grad_value_(model.parameters(), {clip_value!r}) before every optimizer.step()",
    ("Keras", "norm"): "give the optimizer global_clipnorm={max_norm!r}",
    ("Keras", "value"): "give the optimizer clipvalue={clip_value!r}",
    ("Optax", "norm"): "put it behind optax.clip_by_global_norm({max_norm!r}) in an optax.chain",
    ("Optax", "value"): "put it behind optax.clip({clip_value!r}) in an optax.chain",
    ("Transformers", "norm"): "set max_grad_norm={max_norm!r} in TrainingArguments",
    ("Optax", "lookahead"): "optax.lookahead(optimizer, {sync_period!r}, {slow_step_size!r}) does it",
    ("Optax", "sam"): "optax.contrib.sam with optax.chain(optax.contrib.normalize(), optax.sgd({rho!r})) does it",
}
