"""Pasted configurations: read, never run, and the same curve as the framework's own."""

import dataclasses
import math
import time
import types

import numpy as np
import pytest

from lr_explorer.configs import LONGEST, read_configuration
from lr_explorer.export import export_code
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm
from lr_explorer.training import Training, mistakes, used
from tests.export.running import executed

RUN = Training(samples=1000, batch=10, epochs=3)


def read(text, training=RUN):
    return read_configuration(text, training)


def curve(text, training=RUN):
    found = read(text, training)
    return used(found.schedule, found.training)


def told(found):
    return " ".join((*found.understood, *found.assumed, *found.missed))


# Transformers. The factors are written anew from the formulas in its documentation; the oracle tests below run the real ones.

ARGUMENTS = (
    'TrainingArguments(output_dir="x", learning_rate=1e-4, lr_scheduler_type="{kind}", warmup_steps={warmup}, per_device_train_batch_size=10, '
    "gradient_accumulation_steps=2, num_train_epochs=4, lr_scheduler_kwargs={options!r})"
)
KINDS = [
    ("linear", {}), ("cosine", {}), ("cosine", {"num_cycles": 1.3}), ("cosine_with_restarts", {"num_cycles": 3}), ("polynomial", {}),
    ("polynomial", {"lr_end": 1e-6, "power": 2.0}), ("constant", {}), ("constant_with_warmup", {}), ("inverse_sqrt", {}),
    ("inverse_sqrt", {"timescale": 77}), ("cosine_with_min_lr", {"min_lr": 1e-5}), ("cosine_with_min_lr", {"min_lr_rate": 0.2}),
    ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.2}), ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.2, "warmup_lr_rate": 0.3}),
    ("warmup_stable_decay", {"num_decay_steps": 50, "min_lr_ratio": 0.1}),
    ("warmup_stable_decay", {"num_decay_steps": 50, "decay_type": "1-sqrt", "warmup_type": "cosine"}),
    ("warmup_stable_decay", {"num_decay_steps": 40, "num_stable_steps": 100, "min_lr_ratio": 0.1}),
    ("warmup_stable_decay", {"num_decay_steps": 40, "num_stable_steps": 100, "decay_type": "1-sqrt", "warmup_type": "1-sqrt"}),
    ("warmup_stable_decay", {"num_decay_steps": 150, "num_stable_steps": 100, "decay_type": "linear"}),
    ("warmup_stable_decay", {"num_decay_steps": 50, "num_cycles": 1.5}),
]  # fmt: skip


@pytest.mark.parametrize("warmup", [0, 37])
def test_linear_rises_from_zero_and_falls_to_the_end(warmup):
    lr = curve(ARGUMENTS.format(kind="linear", warmup=warmup, options={}))
    expected = [1e-4 * (t / warmup if t < warmup else (200 - t) / (200 - warmup)) for t in range(200)]  # 4 epochs of 50 updates
    assert lr == pytest.approx(expected, rel=1e-12)


def test_a_cosine_with_a_least_rate_ends_above_it():
    lr = curve(ARGUMENTS.format(kind="cosine_with_min_lr", warmup=20, options={"min_lr": 1e-5}))
    expected = [1e-5 + 9e-5 * 0.5 * (1 + math.cos(math.pi * (t - 20) / 180)) for t in range(20, 200)]
    assert lr[20:] == pytest.approx(expected, rel=1e-12)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Both num_training_steps and num_stable_steps:UserWarning")
@pytest.mark.parametrize("warmup", [0, 37])
@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_the_curve_is_that_of_transformers_itself(kind, options, warmup):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    scheduler = transformers.get_scheduler(
        kind, optimizer, num_warmup_steps=warmup, num_training_steps=200, scheduler_specific_kwargs=options or None
    )
    real = []
    for _ in range(200):
        real.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    lr = curve(ARGUMENTS.format(kind=kind, warmup=warmup, options=options))
    np.testing.assert_allclose(lr, real, rtol=1e-12, atol=1e-16 * max(real))


def test_a_decay_before_the_end_of_the_run_begins_where_transformers_begins_it():
    """Of 500 updates 300 are stable and 100 decay along a half cosine; for the rest the rate is the least, 0."""
    text = (
        "TrainingArguments(learning_rate=1.0, max_steps=500, lr_scheduler_type='warmup_stable_decay', "
        "lr_scheduler_kwargs={'num_decay_steps': 100, 'num_stable_steps': 300})"
    )
    lr = curve(text)
    assert lr[[0, 299, 300, 350, 400, 499]] == pytest.approx([1, 1, 1, 0.5, 0, 0], abs=1e-12)
    assert "the decay begins with update 300" in told(read(text))


@pytest.mark.parametrize(("kind", "options", "sentence", "first"), [
    ("constant", {}, "without warm-up.", 1e-4), ("constant_with_warmup", {}, "20 of them warm-up from 0.", 0.0),
    ("warmup_stable_decay", {"num_decay_steps": 50, "min_lr_ratio": 0.1}, "20 of them warm-up from 1e-05.", 1e-5),
    ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.2}, "20 of them warm-up from 5e-06.", 5e-6), ("linear", {}, "20 of them warm-up from 0.", 0.0),
])  # fmt: skip
def test_what_is_said_of_the_warm_up_is_so(kind, options, sentence, first):
    """The first rates are those of the installed Transformers, which the oracle test above compares; 1/20 of the peak is one of them."""
    found = read(ARGUMENTS.format(kind=kind, warmup=20, options=options))
    assert sentence in found.understood[0]
    assert used(found.schedule, found.training)[0] == pytest.approx(first)
    assert ("constant has no warm-up" in told(found)) is (kind == "constant")


def test_the_defaults_of_training_arguments_are_told():
    found = read("TrainingArguments('out')")
    assert type(found.schedule).name == "linear"
    assert found.schedule.peak == 5e-5
    assert found.training.epochs == 3
    assert found.training.batch == 8
    assert all(word in told(found) for word in ("5e-05", "linear", "num_train_epochs is not given: 3", "1,000 samples"))


def test_a_warm_up_ratio_is_rounded_up_and_yields_to_warm_up_steps():
    text = "TrainingArguments(learning_rate=1e-4, num_train_epochs=3, per_device_train_batch_size=10, warmup_ratio=0.031{})"
    assert read(text.format("")).schedule.warmup == math.ceil(300 * 0.031)
    assert read(text.format(", warmup_steps=5")).schedule.warmup == 5
    assert read(text.replace("warmup_ratio=0.031{}", "warmup_steps=0.5")).schedule.warmup == 150  # Transformers 5: a share of the run


def test_max_steps_and_fractions_of_epochs_set_the_length():
    assert read("TrainingArguments(max_steps=77)").steps == 77
    assert read("TrainingArguments(num_train_epochs=0.5, per_device_train_batch_size=10)").steps == 50


@pytest.mark.parametrize("text", [
    '{"learning_rate": 0.0003, "lr_scheduler_type": "cosine", "warmup_steps": 10, "max_steps": 100}',
    "learning_rate: 3e-4\nlr_scheduler_type: cosine  # of the run\nwarmup_steps: 10\nmax_steps: 100\n",
    "python run_clm.py --learning_rate 3e-4 --lr_scheduler_type cosine \\\n  --warmup_steps=10 --max_steps 100",
    "from transformers import TrainingArguments\nLR = 3e-4\nargs = TrainingArguments(learning_rate=LR, lr_scheduler_type=SchedulerType.COSINE,\n"
    "    warmup_steps=5 * 2, max_steps=10 ** 2)",
    "args = dict(learning_rate=3e-4, lr_scheduler_type='cosine', warmup_steps=10, max_steps=100)",
    "SFTConfig(**common, learning_rate=3e-4, lr_scheduler_type='cosine', warmup_steps=10, max_steps=100)",
])  # fmt: skip
def test_the_same_settings_in_every_spelling_are_the_same_schedule(text):
    found = read(text)
    assert (type(found.schedule).name, found.schedule.peak, found.schedule.warmup, found.steps) == ("cosine", 3e-4, 10, 100)


def test_what_only_running_the_code_would_tell_is_named_and_replaced():
    found = read("TrainingArguments(learning_rate=args.lr, max_steps=100)")
    assert found.schedule.peak == 5e-5
    assert "learning_rate is `args.lr`" in told(found)


# PyTorch and Lightning.

CALLS = [
    "StepLR(opt, 50)", "StepLR(opt, step_size=50, gamma=.3)", "MultiStepLR(opt, [30, 80], gamma=0.5)", "ExponentialLR(opt, 0.99)", "LinearLR(opt)",
    "LinearLR(opt, start_factor=.1, total_iters=50)", "LinearLR(opt, 1.0, 0.2, 60)", "LinearLR(opt, 1.0, 0.2, 300)", "ConstantLR(opt, 0.25, 20)",
    "PolynomialLR(opt, total_iters=100, power=2.0)", "CosineAnnealingLR(opt, T_max=300)", "CosineAnnealingLR(opt, T_max=100, eta_min=1e-3)",
    "CosineAnnealingWarmRestarts(opt, 40, 2, eta_min=1e-4)", "OneCycleLR(opt, max_lr=.2, total_steps=300, cycle_momentum=False)",
    "OneCycleLR(opt, .2, epochs=3, steps_per_epoch=100, three_phase=True, cycle_momentum=False)",
    "CyclicLR(opt, .001, .1, step_size_up=20, mode='triangular2', cycle_momentum=False)",
    "SequentialLR(opt, [LinearLR(opt, .1, total_iters=50), CosineAnnealingLR(opt, 250)], milestones=[50])",
    "SequentialLR(opt, schedulers=[ConstantLR(opt, 1, 0), ExponentialLR(opt, .98), LinearLR(opt, 1.0, .5, 20)], milestones=[50, 150])",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("call", CALLS)
def test_the_curve_is_that_of_pytorch_itself(call):
    torch = pytest.importorskip("torch")
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = eval(call, {"opt": opt} | vars(torch.optim.lr_scheduler))  # our own text, above
    real = []
    for _ in range(300):
        real.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    lr = curve(f"opt = torch.optim.SGD(model.parameters(), lr=0.1)\nscheduler = {call}")
    np.testing.assert_allclose(lr, real, rtol=1e-9, atol=1e-15)  # PyTorch's recursion gathers rounding errors


@pytest.mark.parametrize("call", CALLS)
def test_every_scheduler_that_is_known_is_read(call):
    assert curve(f"opt = torch.optim.SGD(model.parameters(), lr=0.1)\nscheduler = {call}").shape == (300,)


def test_a_rising_linear_before_a_cosine_is_its_warm_up():
    found = read("opt = Adam(p, lr=0.1)\nSequentialLR(opt, [LinearLR(opt, 0.1, total_iters=50), CosineAnnealingLR(opt, 250)], milestones=[50])")
    assert (type(found.schedule).name, found.schedule.warmup, found.schedule.warmup_start) == ("cosine", 50, 0.1)


LIGHTNING = """
class Model(L.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-4)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
        return {"optimizer": optimizer, "lr_scheduler": SCHEDULER}

trainer = L.Trainer(max_epochs=20, accumulate_grad_batches=2)
"""


def test_lightning_steps_once_per_epoch_unless_told_otherwise():
    per_epoch = read(LIGHTNING.replace("SCHEDULER", "scheduler"))
    assert per_epoch.training.stepped == "epoch"
    assert (per_epoch.steps, per_epoch.training.updates) == (20, 20 * 50)  # 100 batches, two to an update
    assert per_epoch.schedule.peak == 3e-4
    assert "epoch" in " ".join(per_epoch.assumed)
    per_step = read(LIGHTNING.replace("SCHEDULER", '{"scheduler": scheduler, "interval": "step"}'))
    assert (per_step.training.stepped, per_step.schedule.t_max) == ("update", 20)


def test_lightnings_yaml_is_read():
    found = read("""
        trainer:
          max_epochs: 30
        optimizer:
          class_path: torch.optim.SGD
          init_args:
            lr: 0.05
        lr_scheduler:
          class_path: torch.optim.lr_scheduler.MultiStepLR
          init_args:
            milestones: [10, 20]
            gamma: 0.2
    """)
    assert (found.schedule.milestones, found.schedule.gamma, found.schedule.peak) == ((10, 20), 0.2, 0.05)
    assert (found.steps, found.training.stepped) == (30, "epoch")


@pytest.mark.parametrize("name", ["get_cosine_schedule_with_warmup", "get_cosine_with_hard_restarts_schedule_with_warmup"])
def test_the_name_of_an_arm_is_whole(name):
    assert read(f"{name}(opt, 100, 1000)").name in ("cosine (Transformers)", "cosine_with_restarts (Transformers)")


def test_a_transformers_function_is_read():
    found = read("s = get_cosine_schedule_with_warmup(AdamW(p, lr=2e-5), num_warmup_steps=100, num_training_steps=1000)")
    assert (type(found.schedule).name, found.schedule.peak, found.schedule.warmup, found.steps) == ("cosine", 2e-5, 100, 1000)
    assert read('get_scheduler("linear", opt, 3, 50)').steps == 50


# timm. Its rate at epoch t, written anew from its documentation and code.


def timm_rate(t, *, kind, lr, epochs, warmup, warmup_lr, min_lr=0.0, prefix=False, k=1.0, power=0.1, every=90, milestones=(), gamma=0.1):
    if t < warmup:
        top = lr
        if kind == "tanh" and not prefix:
            top = timm_rate(warmup, kind=kind, lr=lr, epochs=epochs, warmup=0, warmup_lr=0, min_lr=min_lr)
        return warmup_lr + t * (top - warmup_lr) / warmup
    t = t - warmup if prefix else t
    if kind == "step":
        return lr * gamma ** (t // every)
    if kind == "multistep":
        return lr * gamma ** sum(milestone <= t for milestone in milestones)
    if t >= epochs:
        return min_lr
    p = (t / epochs) ** k
    factor = {
        "cosine": 0.5 * (1 + math.cos(math.pi * p)),
        "poly": (1 - p) ** power,
        "tanh": 0.5 * (1 - math.tanh(-7 * (1 - p) + 3 * p)),
    }[kind]
    return min_lr + (lr - min_lr) * factor


TIMM = {
    "--sched cosine --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --min-lr 1e-3 --cooldown-epochs 10": {"kind": "cosine", "min_lr": 1e-3},
    "--sched cosine --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --warmup-prefix": {"kind": "cosine", "prefix": True},
    "--sched cosine --lr 0.5 --epochs 100 --warmup-epochs 0": {"kind": "cosine", "warmup": 0},
    "--sched cosine --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --lr-k-decay 1.5": {"kind": "cosine", "k": 1.5},
    "--sched tanh --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --min-lr 0.01": {"kind": "tanh", "min_lr": 0.01},
    "--sched poly --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --decay-rate 0.9": {"kind": "poly", "power": 0.9},
    "--sched step --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --decay-epochs 30 --decay-rate 0.2": {
        "kind": "step",
        "every": 30,
        "gamma": 0.2,
    },
    "--sched step --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --decay-epochs 2.4 --decay-rate 0.97 --warmup-prefix": {
        "kind": "step",
        "every": 2.4,
        "gamma": 0.97,
        "prefix": True,
    },
    "--sched multistep --lr 0.5 --epochs 100 --warmup-epochs 5 --warmup-lr 1e-4 --decay-milestones 30 60 --decay-rate 0.1": {
        "kind": "multistep",
        "milestones": (30, 60),
    },
}


@pytest.mark.parametrize(("line", "values"), TIMM.items(), ids=TIMM)
def test_timms_rate_changes_once_per_epoch_as_its_formulas_say(line, values):
    found = read(f"python train.py /data --model resnet50 -b 100 {line}")
    lr = used(found.schedule, found.training)
    per_epoch = found.training.updates_per_epoch
    assert per_epoch == 10
    values = {"lr": 0.5, "epochs": 100, "warmup": 5, "warmup_lr": 1e-4} | values
    expected = [timm_rate(t, **values) for t in range(found.training.epochs)]
    assert lr[::per_epoch] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert lr[per_epoch - 1 :: per_epoch] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_timms_cool_down_and_prefix_lengthen_the_run():
    assert read("--sched cosine --epochs 100 --cooldown-epochs 10 --lr 1").training.epochs == 110
    assert read("--sched cosine --epochs 100 --warmup-epochs 5 --warmup-prefix --lr 1").training.epochs == 105


def test_timms_warm_up_that_is_longer_than_the_run_is_told_as_one():
    found = read("--sched cosine --lr 0.1 --epochs 10 --warmup-epochs 20 --warmup-lr 1e-3")
    lr = used(found.schedule, found.training)
    assert lr[:: found.training.updates_per_epoch] == pytest.approx([1e-3 + t * 0.099 / 20 for t in range(10)])
    assert "The warm-up of 20 steps is longer than the run's 10" in " ".join(mistakes(found.schedule, found.training))


def test_timms_rate_without_lr_comes_from_the_batch_size():
    assert read("sched: cosine\nlr_base: 0.1\nbatch_size: 512\nepochs: 10\n").schedule.peak == pytest.approx(0.2)
    assert read("sched: cosine\nlr_base: 0.1\nbatch_size: 512\nopt: adamw\nepochs: 10\n").schedule.peak == pytest.approx(0.1 * math.sqrt(2))


def test_timm_on_updates_counts_updates():
    found = read("--sched cosine --lr 0.5 --epochs 100 --warmup-epochs 5 -b 100 --sched-on-updates")
    assert (found.training.stepped, found.steps) == ("update", 1000)


# Optimizers.

OPTIMIZERS_CALLED = [
    "torch.optim.SGD(p, 0.05, 0.9, nesterov=True)", "torch.optim.Adam(p, 0.01)", "torch.optim.Adam(p, 0.01, (0.8, 0.99), 1e-6, 0.1, True)",
    "torch.optim.AdamW(p, lr=3e-4, weight_decay=0.1)", "torch.optim.AdamW(p)", "torch.optim.RMSprop(p, 0.02, 0.9, 1e-6, 0.1, 0.5, True)",
    "torch.optim.Adagrad(p, 0.1, 0.01, 0.1, 0.2, 1e-8)", "torch.optim.Adadelta(p)", "torch.optim.Adamax(p, betas=(0.5, 0.9))",
    "torch.optim.NAdam(p, decoupled_weight_decay=True, weight_decay=0.1)", "torch.optim.RAdam(p, 0.1)", "torch.optim.ASGD(p, 0.1, 1e-3, 0.5)",
    "torch.optim.Rprop(p, 0.1, (0.4, 1.3), (1e-5, 10))", "torch.optim.SGD(p)", "torch.optim.NAdam(p)", "torch.optim.Rprop(p)",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("call", OPTIMIZERS_CALLED)
def test_the_optimizer_and_its_rate_are_those_that_pytorch_makes_of_the_call(call):
    """What the app exports of the optimizer that was read has the options of the real one."""
    torch = pytest.importorskip("torch")
    real = eval(call, {"torch": torch, "p": [torch.nn.Parameter(torch.zeros(1))]})  # our own text, above
    found = read(f"opt = {call}\nsched = StepLR(opt, 50)")
    ours = executed(export_code(Arm(optimizer=found.optimizer, schedule=found.schedule), 1, "torch"))["optimizer"]
    assert type(ours) is type(real)
    assert ours.defaults == real.defaults


@pytest.mark.oracle
@pytest.mark.parametrize("given", [
    {}, {"weight_decay": 0.1, "adam_beta2": 0.95, "adam_epsilon": 1e-6}, {"optim": "sgd", "optim_args": "momentum=0.9, nesterov=true"},
    {"optim": "adagrad", "optim_args": "lr_decay=0.1"}, {"optim": "rmsprop", "optim_args": "alpha=0.9,momentum=0.5,centered=true"},
])  # fmt: skip
def test_the_optimizer_of_training_arguments_is_that_of_the_trainer(given):
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    # TrainingArguments itself wants accelerate to be installed; the Trainer only reads its fields.
    defaults = {field.name: field.default for field in dataclasses.fields(transformers.TrainingArguments)}
    arguments = types.SimpleNamespace(**defaults | {"learning_rate": 1e-4} | given)
    cls, options = transformers.Trainer.get_optimizer_cls_and_kwargs(arguments)
    options.pop("fused", None)
    real = cls([torch.nn.Parameter(torch.zeros(1))], **({"weight_decay": arguments.weight_decay} | options))
    found = read("TrainingArguments(learning_rate=1e-4, max_steps=5" + "".join(f", {key}={value!r}" for key, value in given.items()) + ")")
    ours = executed(export_code(Arm(optimizer=found.optimizer, schedule=found.schedule), 1, "torch"))["optimizer"]
    assert type(ours) is type(real)
    assert ours.defaults == real.defaults


def test_the_optimizer_is_read_with_the_schedule():
    found = read("opt = AdamW(p, lr=3e-4, weight_decay=0.1)\ns = get_linear_schedule_with_warmup(opt, 100, 1000)")
    assert found.optimizer == OPTIMIZERS.create("adamw", weight_decay=0.1)
    assert "The optimizer is AdamW with weight_decay 0.1." in found.understood
    assert read("TrainingArguments(max_steps=5)").optimizer == OPTIMIZERS.create("adamw", weight_decay=0.0)
    yaml = "optimizer:\n  class_path: torch.optim.Adam\n  init_args:\n    lr: 0.02\n    betas: [0.8, 0.9]\nlr_scheduler:\n  class_path: StepLR\n"
    found = read(yaml + "  init_args:\n    step_size: 5\n")
    assert (found.optimizer, found.schedule.peak) == (OPTIMIZERS.create("adam", beta1=0.8, beta2=0.9), 0.02)


def test_timms_sgd_has_nesterov_momentum():
    """In timm's factory sgd is SGD(momentum, nesterov=True), and train.py's defaults are a momentum of 0.9 and a decay of 2e-5."""
    assert read("--sched cosine --lr 0.1").optimizer == OPTIMIZERS.create("sgd", momentum=0.9, nesterov=True, weight_decay=2e-5)
    line = "--sched cosine --lr 0.1 --opt adamw --weight-decay 0.05 --opt-betas 0.9 0.95 --opt-eps 1e-6"
    assert read(line).optimizer == OPTIMIZERS.create("adamw", weight_decay=0.05, beta2=0.95, eps=1e-6)


@pytest.mark.parametrize("text", [
    "opt = Lamb(p, lr=0.1)\nStepLR(opt, 5)", "StepLR(opt, 5)", "TrainingArguments(optim='adafactor')", "--sched step --lr 1 --opt lamb",
    "opt = Adam(p, 0.1, weight_decay=-1)\nStepLR(opt, 5)",
])  # fmt: skip
def test_an_optimizer_that_is_not_taken_is_told(text):
    found = read(text)
    assert found.optimizer is None
    assert "optimizer" in told(found)
    assert "the arm keeps its own" in told(found)


def test_the_rate_may_stand_without_its_name():
    assert read("opt = Adam(p, 0.01)\nStepLR(opt, 5)").schedule.peak == 0.01
    assert read("opt = RMSprop(p)\nStepLR(opt, 5)").schedule.peak == 0.01  # PyTorch's default for it


def test_of_two_optimizers_the_schedulers_own_counts():
    found = read("d = Adam(pd, lr=4e-4)\ng = SGD(pg, lr=1e-3, momentum=0.9)\nStepLR(d, 5)")
    assert (found.schedule.peak, found.optimizer.label) == (4e-4, "Adam")


# Loops, and texts that name no run.

PER_EPOCH = """
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
sched = StepLR(opt, step_size=30)
for epoch in range(90):
    train(model, loader, opt)
    sched.step()
"""


def test_a_loop_that_steps_once_per_epoch_is_read_so():
    """0.1 for 30 epochs, then 0.01 and 0.001; 100 batches an epoch are those of the given run."""
    found = read(PER_EPOCH)
    assert (found.training.stepped, found.training.epochs, found.steps) == ("epoch", 90, 90)
    lr = used(found.schedule, found.training)
    assert lr == pytest.approx(np.repeat([0.1, 0.01, 0.001], 30 * 100))
    assert mistakes(found.schedule, found.training) == []


@pytest.mark.parametrize(("loop", "stepped", "updates"), [
    ("for epoch in range(EPOCHS):\n    for x, y in loader:\n        opt.step()\n    sched.step()", "epoch", 9000),
    ("for epoch in tqdm(range(1, 91)):\n    for x, y in loader:\n        opt.step()\n        sched.step()", "update", 9000),
    ("for epoch in range(90):\n    for i in range(7):\n        loss.backward()\n        opt.step()\n        sched.step()", "update", 630),
    ("for step in range(500):\n    opt.step()\n    sched.step()", "update", 500),
    ("for batch in loader:\n    train_step(batch)\n    sched.step()", "update", 300),
    ("for epoch in epochs:\n    train()\n    sched.step()", "epoch", 300),
])  # fmt: skip
def test_what_a_loop_says_about_the_run_is_read(loop, stepped, updates):
    found = read(f"EPOCHS = 90\nopt = SGD(p, lr=0.1)\nsched = StepLR(opt, 30)\n{loop}")
    assert (found.training.stepped, found.training.updates) == (stepped, updates)
    assert "Your loop calls step()" in told(found)


def test_without_a_loop_it_is_told_what_was_assumed():
    assert "scheduler.step() after every update" in told(read("opt = SGD(p, lr=0.1)\nsched = StepLR(opt, 30)"))


@pytest.mark.parametrize("call", [
    "get_linear_schedule_with_warmup(opt, 100, 1000)", "OneCycleLR(opt, 0.1, total_steps=1000)",
    "OneCycleLR(opt, 0.1, epochs=10, steps_per_epoch=100)",
])  # fmt: skip
def test_a_total_without_a_run_is_the_run(call):
    found = read(f"opt = AdamW(p, lr=0.1)\n{call}", Training())
    assert (found.training.updates, found.steps) == (1000, 1000)
    assert mistakes(found.schedule, found.training) == []
    assert "it is the 1,000 updates that the schedule is built for" in told(found)


def test_a_total_that_is_not_the_runs_is_still_a_mistake():
    text = PER_EPOCH.replace("StepLR(opt, step_size=30)", "get_linear_schedule_with_warmup(opt, 0, 9000)")
    assert "90 times" in " ".join(mistakes(read(text).schedule, read(text).training))


@pytest.mark.parametrize(("text", "name"), [
    ("TrainingArguments(max_steps=5, per_gpu_train_batch_size=4)", "per_gpu_train_batch_size"),
    ("--sched cosine --lr 0.1 --lr-cycle-limit 2 --lr-cycle-mul 2", "lr_cycle_mul"),
    ("StepLR(Adam(p, 0.1), 5)\nTrainer(max_epochs=3, devices=4, num_nodes=2, logger=False)", "devices, num_nodes"),
])  # fmt: skip
def test_a_setting_that_matters_is_not_called_harmless(text, name):
    assert f"Not read, though it changes the curve or the number of updates: {name}." in read(text).missed


def test_dropping_the_last_batch_shortens_the_epoch():
    """1,000 samples in batches of 30 are 33 full ones and a rest."""
    text = "TrainingArguments(num_train_epochs=3, per_device_train_batch_size=30{})"
    assert read(text.format("")).steps == 3 * 34
    assert read(text.format(", dataloader_drop_last=True")).steps == 3 * 33


# What cannot be read is told, at once.

BAD = {
    "": "nothing to read",
    "x" * (LONGEST + 1): "at most 100,000",
    "hello world": "Line 1",
    "print('hi')": "No TrainingArguments and no scheduler",
    "TrainingArguments(learning_rate=": "Line 1 is not Python",
    "args = TrainingArguments(\n    learning_rate=1e-4,\n    max_steps=5 6)\n": "Line 3 is not Python",
    "TrainingArguments(\n    learning_rate=(2e-5,\n    num_train_epochs=3,\n)": "Line 1 is not Python ('(' was never closed)",
    "--sched cosine --lr -1": "lr must be between",
    "optax.cosine_decay_schedule(1e-3, 1000)": "Keras and Optax are not: put the schedule",
    '{"learning_rate": 1e-4,': "column",
    "[1, 2]": "must be an object",
    "colour: red": "None of these settings",
    "learning_rate: fast": "learning_rate must be a number; got 'fast'",
    "TrainingArguments(learning_rate=-1, max_steps=5)": "learning_rate must be between 0 and 1e+06; got -1",
    "TrainingArguments(lr_scheduler_type='moon')": "'moon' is not known here",
    "TrainingArguments(lr_scheduler_type='reduce_lr_on_plateau')": "follows the loss",
    "TrainingArguments(num_train_epochs=1e12)": "num_train_epochs",
    "TrainingArguments(learning_rate=1e-5, lr_scheduler_type='polynomial', lr_scheduler_kwargs={'lr_end': 1.0})": "lr_end must be at least 0",
    "ReduceLROnPlateau(opt, 'min')": "follows the loss",
    "LambdaLR(opt, lambda t: 1)": "nothing pasted here is run",
    "SequentialLR(opt, schedulers, [3])": "list",
    "--sched plateau --lr 0.1": "follows the loss",
    "--sched cosine --lr 0.1 --min-lr 1": "min_lr must not be above lr",
    "--sched cosine --lr 'x": "command line cannot be read",
    "TrainingArguments(learning_rate=" + "(" * 500 + "1" + ")" * 500 + ")": "Python",
    "TrainingArguments(learning_rate=" + "-" * 50_000 + "1)": "",
    "TrainingArguments(learning_rate=" + "1+" * 20_000 + "1, max_steps=5)": "",
    '{"a": ' * 12_000 + "1" + "}" * 12_000: "nested",
    " " * 90_000 + "x": "",
    "\n" * 90_000 + "a": "",
    "a\n" * 40_000: "",
    "a " * 40_000 + "(": "",
    "- " * 40_000: "",
    "a:" + " " * 90_000 + "b c(": "",
    "TrainingArguments(learning_rate=" + "1+" * 400 + "1, max_steps=5)": "",
    "\n".join(f"{' ' * depth}a: " for depth in range(300)): "nested",
    "TrainingArguments(max_steps=10**10**10)": "",
    f"TrainingArguments(max_steps={'9' * 400})": "max_steps must be a number",
    f"TrainingArguments(max_steps={'9' * 9000})": "",
    f'{{"max_steps": {"9" * 9000}, "learning_rate": 1}}': "",
    f"learning_rate: {'9' * 9000}": "learning_rate must be a number",
    '{"learning_rate": NaN}': "learning_rate must be a number",
    "\x00TrainingArguments()": "",
    "x" * LONGEST: "",
    "a: " * 30_000: "",
    "StepLR(opt, step_size=0)": "step_size must be a whole number of at least 1",
}


@pytest.mark.parametrize(("text", "sentence"), BAD.items(), ids=lambda value: value[:40].encode("ascii", "replace").decode() if value else "empty")
def test_a_text_that_cannot_be_read_is_refused_at_once_with_a_sentence(text, sentence):
    begin = time.process_time()
    refusal = refused(text)
    assert time.process_time() - begin < 1.5  # seconds of work, whatever else the machine does; the longest takes a third of that
    assert sentence.lower() in refusal.lower()
    assert len(refusal) < 600


def refused(text):
    """Return why a text cannot be read, "" if it can."""
    try:
        read(text)
    except ValueError as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize("text", [
    "TrainingArguments(learning_rate=__import__('os').system('touch {path}'))",
    "(open('{path}', 'w').close(), TrainingArguments())",
    "StepLR(exec(\"open('{path}', 'w')\"), 5)",
])  # fmt: skip
def test_nothing_that_is_pasted_is_ever_run(text, tmp_path):
    path = tmp_path / "made"
    read(text.format(path=path))
    assert not path.exists()
