"""timm's command line and args.yaml."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lr_explorer.configs.optimizers import read_opt
from lr_explorer.configs.settings import Configuration, Notes, Settings, finished, made
from lr_explorer.params import shortened
from lr_explorer.schedules import Schedule
from lr_explorer.training import Training


def read_timm(values: Mapping[str, Any], training: Training) -> Configuration:
    """Read the settings of timm's train.py; its schedulers count epochs unless they are told to count updates."""
    notes = Notes()
    settings = Settings(values, notes, "timm")
    kind = settings.word("sched", "cosine")
    run = _run(settings, training)
    peak = _rate(settings, run)
    optimizer = read_opt(settings)
    on_updates = settings.flag("sched_on_updates")
    per_epoch = run.updates_per_epoch if on_updates else 1
    warmup = settings.whole("warmup_epochs", 5) * per_epoch
    start = settings.number("warmup_lr", 1e-5) / (peak or 1.0) if warmup else 0.0
    if start > 1:
        raise ValueError(f"warmup_lr must not be above lr, {peak:g}; got {start * peak:g}")
    prefix = settings.flag("warmup_prefix")
    rests = settings.whole("cooldown_epochs", 0, told=False) if kind in ("cosine", "tanh", "poly") else 0
    epochs = run.epochs + rests + (warmup // per_epoch if prefix and kind in ("cosine", "tanh", "poly") else 0)
    shape = _Shape(settings, peak, run.epochs * per_epoch, warmup, start, per_epoch, prefix, is_all_warmup=warmup >= epochs * per_epoch)
    schedule = shape.schedule(kind)
    run = run.with_values(epochs=epochs, stepped="update" if on_updates else "epoch", total=0 if on_updates else epochs)
    counted = "updates" if on_updates else "epochs: the rate changes once per epoch"
    notes.understood.insert(0, f"timm {kind} from a rate of {peak:g} over {epochs:,} epochs, counted in {counted}.")
    return finished(f"{kind} (timm)", "timm", schedule, run, notes, settings.rest(), optimizer)


def _run(settings: Settings, training: Training) -> Training:
    batch = settings.whole("batch_size", 128, least=1)
    accumulation = settings.whole("grad_accum_steps", 1, least=1, told=False)
    epochs = settings.whole("epochs", 300, least=1)
    settings.notes.assumed.append(f"One device and {training.samples:,} samples, as under Training units.")
    return Training(samples=training.samples, batch=batch, accumulation=accumulation, epochs=epochs, sequence=training.sequence)


def _rate(settings: Settings, run: Training) -> float:
    """Return lr, or what train.py computes from lr_base and the batch size."""
    if "lr" in settings:
        return settings.rate("lr", 0.1)
    base, size = settings.rate("lr_base", 0.1), settings.whole("lr_base_size", 256, least=1, told=False)
    optimizer = settings.word("opt", "sgd", told=False).lower()
    by_optimizer = "sqrt" if any(word in optimizer for word in ("ada", "lamb")) else "linear"
    scale = settings.word("lr_base_scale", by_optimizer, told=False) or by_optimizer
    ratio = run.batch * run.accumulation / size
    rate = base * (math.sqrt(ratio) if scale == "sqrt" else ratio)
    settings.notes.understood.append(f"lr is not given, so train.py takes lr_base × batch / {size} ({scale}): {rate:g}.")
    return rate


@dataclass(frozen=True)
class _Shape:
    """timm's curve; without warmup_prefix the shape has run on under the warm-up, and the rate joins it where it is by then."""

    settings: Settings
    peak: float
    length: int
    warmup: int
    start: float
    per_epoch: int
    prefix: bool
    is_all_warmup: bool

    def schedule(self, kind: str) -> Schedule:
        if kind in ("step", "multistep"):
            return self._drops(kind)
        if kind in ("cosine", "tanh", "poly"):
            return self._falls(kind)
        if kind == "plateau":
            raise ValueError("timm's plateau follows the loss of the run, so there is no curve to read; its arm is made in the Playground.")
        raise ValueError(f"sched {shortened(kind)} is not known here; known are cosine, tanh, poly, step, multistep.")

    def _common(self) -> dict[str, Any]:
        return {"peak": self.peak, "warmup": self.warmup, "warmup_start": self.start}

    def _drops(self, kind: str) -> Schedule:
        gamma = self.settings.number("decay_rate", 0.1)
        if kind == "multistep":
            shift = 0 if self.prefix else self.warmup
            places = [place * self.per_epoch - shift for place in self.settings.wholes("decay_milestones", (90, 180, 270))]
            if min(places) < 0:
                raise ValueError("timm: a drop during the warm-up is not read; with --warmup-prefix the drops are counted from its end.")
            return made("multistep", self._common() | {"milestones": tuple(sorted(places)), "gamma": gamma})
        every = self.settings.number("decay_epochs", 90) * self.per_epoch
        if not every >= 1:
            raise ValueError(f"timm: decay_epochs must be at least 1; got {every / self.per_epoch:g}")
        if every == int(every) and (self.prefix or not self.warmup):
            return made("step", self._common() | {"step_size": int(every), "gamma": gamma})
        # t // every, which is not always the floor of t / every.
        return self._typed(f"{gamma:.12g}^floor((t - mod(t, {every:.12g}))/{every:.12g} + 0.5)", kind)

    def _falls(self, kind: str) -> Schedule:
        floor = self.settings.number("min_lr", 0.0) / (self.peak or 1.0)
        k = self.settings.number("lr_k_decay", 1.0, told=False)
        power = self.settings.number("decay_rate", 0.1) if kind == "poly" else 1.0
        if self.settings.whole("lr_cycle_limit", 1, told=False) > 1:
            self.settings.notes.missed.append("Only the first cycle of lr_cycle_limit is drawn.")
        if floor > 1:
            raise ValueError(f"timm: min_lr must not be above lr, {self.peak:g}; got {floor * self.peak:g}")
        if kind == "cosine" and k == 1 and (self.prefix or not self.warmup):
            return made("cosine", self._common() | {"floor": floor, "t_max": self.length, "past_end": "hold"})
        p = f"(t/{self.length})"
        bent = f"{p}^{k:.12g}" if k != 1 else p
        shape = {
            "cosine": f"0.5*(1 + cos(pi*{bent}))",
            "poly": f"(1 - {bent})^{power:.12g}",
            "tanh": f"0.5*(1 - tanh(10*{p} - 7))",
        }[kind]
        return self._typed(f"{floor:.12g} + {1 - floor:.12g}*where(t < {self.length}, {shape}, 0)", kind)

    def _typed(self, fall: str, kind: str) -> Schedule:
        """Return a schedule of a typed formula; the warm-up is part of it where the shape runs on beneath."""
        if self.prefix or not self.warmup:
            return made("lambda", self._common() | {"expression": fall})
        top = 1.0
        if kind == "tanh":
            # timm's tanh is the one whose warm-up leads to where the shape is by then, the others' leads to lr.
            top = float(made("lambda", {"peak": 1.0, "expression": fall}).values(self.warmup + 1)[-1])
        if self.is_all_warmup:
            # Nothing is left of the shape, and a warm-up that is one can be warned of.
            return made("constant", {"peak": self.peak * top, "warmup": self.warmup, "warmup_start": min(self.start / (top or 1.0), 1.0)})
        rise = f"{self.start:.12g} + {top - self.start:.12g}*t/{self.warmup}"
        return made("lambda", {"peak": self.peak, "expression": f"where(t < {self.warmup}, {rise}, {fall})"})
