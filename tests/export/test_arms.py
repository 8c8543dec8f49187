"""An arm's code carries its optimizer along, with a note wherever a framework's rule is another one."""

import os

import numpy as np
import pytest

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.batches import BATCHES
from lr_explorer.clipping import CLIPPINGS
from lr_explorer.controllers import CONTROLLERS
from lr_explorer.export import FRAMEWORKS, export_code
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES
from lr_explorer.wrappers import WRAPPERS
from tests.export.running import executed, kept
from tests.helpers import arm, followed

os.environ.setdefault("KERAS_BACKEND", "torch")

STEPS = 20
OPTIONS = {
    "sgd": (
        {}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "dampening": 0.5}, {"weight_decay": 0.01},
        {"momentum": 0.9, "lr_in_buffer": True}, {"momentum": 0.9, "nesterov": True, "lr_in_buffer": True}, {"lr_in_buffer": True},
    ),
    "heavy_ball": ({}, {"momentum": 0.5}),
    "nesterov": ({}, {"momentum": 0.5}),
    "asgd": ({}, {"lambd": 0.1, "alpha": 1.0}, {"weight_decay": 0.01}),
    "adagrad": ({}, {"initial_accumulator_value": 0.1, "eps": 1e-3}, {"lr_decay": 0.1}, {"weight_decay": 0.01}, {"eps_in_sqrt": True, "eps": 1e-3}),
    "rmsprop": (
        {}, {"alpha": 0.9, "eps": 1e-3}, {"centered": True}, {"momentum": 0.5}, {"weight_decay": 0.01}, {"eps_in_sqrt": True, "eps": 1e-3},
        {"momentum": 0.5, "lr_in_buffer": True}, {"bias_correction": True}, {"initial_scale": 0.5},
    ),
    "adadelta": ({}, {"rho": 0.5, "eps": 1e-3}, {"weight_decay": 0.01}),
    "adam": (
        {}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3}, {"amsgrad": True}, {"weight_decay": 0.01}, {"convention": "keras", "eps": 1e-3},
        {"convention": "optax", "amsgrad": True, "beta2": 0.5}, {"eps_root": 1e-3}, {"bias_correction": False},
    ),
    "adamw": ({}, {"weight_decay": 0.1}, {"weight_decay": 0.0}, {"beta1": 0.5, "eps": 1e-3}, {"amsgrad": True}, {"eps_root": 1e-3}),
    "adamax": ({}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3}, {"weight_decay": 0.01}),
    "nadam": (
        {}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3}, {"weight_decay": 0.01}, {"weight_decay": 0.01, "decoupled_weight_decay": True},
        {"convention": "optax"}, {"convention": "optax", "weight_decay": 0.01, "decoupled_weight_decay": True}, {"momentum_decay": 0.1},
    ),
    "radam": (
        {"eps": 1e-3}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3}, {"weight_decay": 0.01, "eps": 1e-3},
        {"weight_decay": 0.01, "decoupled_weight_decay": True, "eps": 1e-3}, {"convention": "optax", "eps": 1e-3},
    ),
    "adabelief": ({}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "eps_root": 1e-6}),
    "yogi": ({}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-2, "initial_accumulator_value": 0.1}),
    "adan": ({}, {"beta1": 0.5, "beta2": 0.9, "beta3": 0.5, "eps": 1e-3, "eps_root": 1e-3, "weight_decay": 0.01}),
    "ademamix": ({}, {"beta1": 0.5, "beta2": 0.9, "beta3": 0.5, "alpha": 2.0, "eps": 1e-3, "weight_decay": 0.01}),
    "lion": ({}, {"beta1": 0.5, "beta2": 0.9, "weight_decay": 0.01}),
    "sign_sgd": ({}, {"momentum": 0.5}, {"momentum": 0.5, "weight_decay": 0.01}),
    "rprop": ({}, {"eta_minus": 0.3, "eta_plus": 1.5, "step_min": 1e-3, "step_max": 0.2}),
    "prodigy": ({}, {"beta1": 0.5, "beta3": 0.5, "eps": 1e-3, "d0": 1e-3, "d_coef": 2.0, "safeguard_warmup": True, "weight_decay": 0.01}),
    "dadapt_adam": ({}, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "d0": 1e-3, "weight_decay": 0.01}),
}  # fmt: skip


def in_framework(name):
    """Return the settings of the optimizers that a framework has."""
    return pytest.mark.parametrize(
        ("name", "options"), [(key, options) for key, several in OPTIONS.items() if key in FRAMEWORKS[name].optimizers for options in several]
    )


each_optimizer = pytest.mark.parametrize(("name", "options"), [(name, options) for name, several in OPTIONS.items() for options in several])

# What says that a rule is another one than the arm's.
DIFFERS = (
    "keeps the rate", "has no", "side the root", "decoupled;", "before the second moment", "after its bias", "follows the point",
    "inside the maximum",
)  # fmt: skip


def text_of(name, options, framework, **more):
    return export_code(arm("cosine", name, peak=0.05, **options, **more), STEPS, framework)


def says_that_it_differs(text):
    return any(phrase in " ".join(text.replace("#", "").split()) for phrase in DIFFERS)


def gradients():
    """Return gradients of many sizes, so that an epsilon in the wrong place shows."""
    rng = np.random.default_rng(5)
    return rng.choice([-1.0, 1.0], (STEPS, 2)) * 10 ** rng.uniform(-3, 1, (STEPS, 2))


def ours(name, options, rates):
    points, _ = followed([OPTIMIZERS.create(name, **options)], rates, gradients()[:, :, None], np.array([[1.0], [-2.0]]))
    return points[1:, :, 0, 0]


@pytest.fixture
def double_precision():
    """NAdam and ASGD keep numbers in PyTorch's default type."""
    torch = pytest.importorskip("torch")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(default)


@pytest.mark.oracle
@pytest.mark.usefixtures("double_precision")
@in_framework("torch")
def test_torch_moves_as_the_arm_does_or_says_what_differs(name, options):
    torch = pytest.importorskip("torch")
    text = text_of(name, options, "torch")
    weights = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    names = executed(
        text.partition("\nlr = []")[0].replace("model = torch.nn.Linear(2, 1)", "model = Model()").replace("steps, peak", MODEL + "steps, peak")
    )
    weights = names["model"].weights
    found, rates = [], []
    for gradient in gradients():
        rates.append(names["optimizer"].param_groups[0]["lr"])
        weights.grad = torch.tensor(gradient)
        names["optimizer"].step()
        names["scheduler"].step()
        found.append(weights.detach().numpy().copy())
    agrees = np.allclose(np.array(found), ours(name, options, rates), rtol=1e-12, atol=1e-14)
    assert agrees != says_that_it_differs(text), text


MODEL = """
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))


"""


@pytest.mark.oracle
@in_framework("optax")
def test_optax_moves_as_the_arm_does_or_says_what_differs(name, options):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    text = text_of(name, options, "optax")
    with jax.enable_x64(True):
        names = executed(text)
        weights = jax.numpy.array([1.0, -2.0])
        state = names["optimizer"].init(weights)
        found = []
        for gradient in gradients():
            update, state = names["optimizer"].update(jax.numpy.array(gradient), state, weights)
            weights = optax.apply_updates(weights, update)
            found.append(np.asarray(weights))
    agrees = np.allclose(np.array(found), ours(name, options, names["lr"]), rtol=1e-10, atol=1e-12)
    assert agrees != says_that_it_differs(text), text


@pytest.mark.oracle
# Keras's Nadam on PyTorch's tensors, inside Keras.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@in_framework("keras")
def test_keras_moves_as_the_arm_does_or_says_what_differs(name, options):
    keras = pytest.importorskip("keras")
    text = text_of(name, options, "keras")
    names = executed(text)
    weights = keras.Variable([1.0, -2.0], dtype="float64")
    names["optimizer"].build([weights])
    found = []
    for gradient in gradients():
        names["optimizer"].apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [weights])
        found.append(weights.value.detach().tolist())
    # The rates are in single precision.
    agrees = np.allclose(np.array(found), ours(name, options, names["lr"]), rtol=1e-5, atol=1e-6)
    assert agrees or says_that_it_differs(text), text


# What stands for an optimizer whose own name a framework does not have.
OTHERWISE = {"heavy_ball": "sgd", "nesterov": "sgd", "adam": "amsgrad", "sign_sgd": "sign", "dadapt_adam": "dadapt_adamw", "nadam": "nadam"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@each_optimizer
def test_every_framework_that_has_it_names_the_optimizer(name, options, framework):
    has = FRAMEWORKS[framework].optimizers
    if has is not None and name not in has:
        return
    text = text_of(name, options, framework)
    compile(text, "exported", "exec")
    known = (OPTIMIZERS[name].label, name, OTHERWISE.get(name, name))
    assert any(each.casefold() in text.casefold() for each in known)


def test_only_what_differs_from_the_default_is_written():
    assert "torch.optim.SGD(model.parameters(), lr=peak)" in text_of("sgd", {}, "torch")
    assert "torch.optim.SGD(model.parameters(), lr=peak, momentum=0.9, nesterov=True)" in text_of("sgd", {"momentum": 0.9, "nesterov": True}, "torch")


@pytest.mark.parametrize("framework", ["torch", "keras", "optax", "transformers"])
def test_an_optimizer_that_a_framework_does_not_have_is_refused_with_a_sentence(framework):
    missing = [name for name in OPTIMIZERS if name not in FRAMEWORKS[framework].optimizers]
    assert missing
    for name in missing:
        with pytest.raises(ValueError, match=rf"cannot be exported to {FRAMEWORKS[framework].label}: .*; export the schedule alone\."):
            export_code(arm("cosine", name), STEPS, framework)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_controller_has_no_curve_to_write_down(name, framework):
    with pytest.raises(ValueError, match="it sets the rate by what the run does"):
        export_code(Arm(schedule=CONTROLLERS.create(name)), STEPS, framework)


@pytest.mark.parametrize(
    "framework", ["python", *(pytest.param(name, marks=pytest.mark.oracle) for name in ("torch", "keras", "optax", "transformers"))]
)
@pytest.mark.parametrize("schedule", ["constant", "cosine", "sequential", "one_cycle"])
def test_an_arms_drop_is_in_its_code(schedule, framework):
    if framework != "python":
        pytest.importorskip(framework)
    dropped = Arm(schedule=arm(schedule).schedule, drop_at=7, drop_factor=0.25)
    found = executed(export_code(dropped, STEPS, framework))["lr"]
    np.testing.assert_allclose(found, dropped.rates(STEPS), rtol=0, atol=1e-12 if framework in ("python", "torch", "transformers") else 1e-7)


def test_a_drop_past_the_run_changes_no_code():
    plain = arm("cosine")
    assert export_code(Arm(schedule=plain.schedule, drop_at=STEPS), STEPS, "torch") == export_code(plain, STEPS, "torch")


def test_what_is_not_part_of_the_code_is_said():
    several = Arm(
        rate_x=2.0, batch=BATCHES.create("step"), averaging=AVERAGINGS.create("ema"), wrapper=WRAPPERS.create("lookahead"),
        clipping=CLIPPINGS.create("norm"), freeze_y=True, unfreeze_at=7,
    )  # fmt: skip
    for framework in ("keras", "python"):
        text = " ".join(export_code(several, STEPS, framework).replace("#", "").split())
        assert "multiplies the rate by 2 on x and 1 on y, which is not part of this code" in text
    text = " ".join(export_code(several, STEPS, "torch").replace("#", "").split())
    assert "batch grows (Step growth), which is not part of this code" in text
    assert "wraps its optimizer in Lookahead (sync_period=5, slow_step_size=0.5): which is not part of this code." in text
    assert "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0) before every optimizer.step()" in text
    assert "freezes y until update 7: give such parameters no gradient" in text
    assert "averages its iterates (Exponential moving average), which is not part of this code" in text


def test_cycled_momentum_goes_along_with_torch_and_is_missed_elsewhere_by_name():
    cycled = arm("one_cycle", "sgd", momentum=0.9, cycle_momentum=True)
    assert "cycle_momentum=True, base_momentum=0.85, max_momentum=0.95" in " ".join(export_code(cycled, STEPS, "torch").split())
    for framework in ("keras", "optax", "python"):
        assert "also cycles the momentum, which is not part of this code" in export_code(cycled, STEPS, framework)


@pytest.mark.oracle
def test_torch_cycles_the_momentum_as_the_arm_does():
    pytest.importorskip("torch")
    for name in ("one_cycle", "cyclic"):
        cycled = arm(name, "sgd", momentum=0.9, cycle_momentum=True, step_size_up=4)
        text = export_code(cycled, STEPS, "torch").replace("lr = []", "lr, momentum = [], []")
        names = executed(text.replace("    optimizer.step()", '    momentum.append(optimizer.param_groups[0]["momentum"])\n    optimizer.step()'))
        np.testing.assert_allclose(names["momentum"], cycled.momentum(STEPS), rtol=1e-12)


# Rates of their own for x and y are parameter groups.

DISCRIMINATIVE = (0.1, 2.0)


def grouped(name, **values):
    return Arm(schedule=SCHEDULES.create(name, **values), rate_x=DISCRIMINATIVE[0], rate_y=DISCRIMINATIVE[1])


@pytest.mark.oracle
@pytest.mark.parametrize("framework", ["torch", "transformers", "optax"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_each_group_has_the_arms_curve_at_its_own_rate(name, framework):
    pytest.importorskip(framework)
    for values in ({}, {"floor": 0.1}, {"warmup": 4, "floor": 0.1}, {"cooldown": 5}):
        contender = grouped(name, peak=0.01, **values)
        found = np.array(executed(export_code(contender, STEPS, framework))["lr"])
        expected = contender.rates(STEPS)[:, None] * DISCRIMINATIVE
        tolerance = FRAMEWORKS[framework].tolerance * expected.max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance, err_msg=f"{contender.schedule!r}")


@pytest.mark.oracle
def test_a_one_cycle_of_two_groups_passes_a_list():
    """pytorch#73305: a single max_lr would give both groups the one peak."""
    pytest.importorskip("torch")
    contender = Arm(schedule=SCHEDULES.create("one_cycle", peak=1e-3), rate_x=0.1)
    assert "max_lr=[0.1 * peak, peak]" in export_code(contender, 100, "torch")
    found = np.array(executed(export_code(contender, 100, "torch"))["lr"])
    np.testing.assert_allclose([found[0], found.max(axis=0), found[-1]], [[4e-6, 4e-5], [1e-4, 1e-3], [4e-10, 4e-9]], rtol=1e-9)


@pytest.mark.oracle
def test_transformers_ends_a_polynomial_at_a_ratio_of_each_groups_rate():
    """transformers#6361: with a rate of 1e-3 and an end of 1e-4 the group at 1e-5 ends at 1e-6."""
    pytest.importorskip("transformers")
    contender = Arm(schedule=SCHEDULES.create("polynomial", peak=1e-3, floor=0.1, power=1.0, decay_steps=10), rate_y=0.01)
    text = export_code(contender, 11, "transformers")
    assert executed(text)["lr"][10] == pytest.approx([1e-4, 1e-6])


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "options"), [("sgd", {"momentum": 0.9}), ("sgd", {"weight_decay": 0.01}), ("adamw", {"weight_decay": 0.1})])
def test_optax_moves_two_parts_as_the_arm_moves_its_coordinates(name, options):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    contender = Arm(optimizer=OPTIMIZERS.create(name, **options), schedule=SCHEDULES.create("cosine", peak=0.05), rate_x=0.1)
    with jax.enable_x64(True):
        names = executed(export_code(contender, STEPS, "optax"))
        weights = {"x": jax.numpy.array(1.0), "y": jax.numpy.array(-2.0)}
        state = names["optimizer"].init(weights)
        found = []
        for x, y in gradients():
            update, state = names["optimizer"].update({"x": jax.numpy.array(x), "y": jax.numpy.array(y)}, state, weights)
            weights = optax.apply_updates(weights, update)
            found.append([float(weights["x"]), float(weights["y"])])
    # No rule here mixes the coordinates, so each may be followed by itself at its own rate.
    rates = np.array(names["lr"])
    expected = np.stack([ours(name, options, rates[:, axis])[:, axis] for axis in range(2)], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


# Restarting from a checkpoint.


@pytest.mark.oracle
@pytest.mark.parametrize("framework", ["torch", "transformers"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_resumed_snippet_goes_on_where_it_was(name, framework):
    """pytorch#65342, #60265, #29697: both state_dicts are saved and loaded, as the snippet says."""
    pytest.importorskip(framework)
    schedule = SCHEDULES.create(name, peak=0.001, warmup=3)
    text = kept(export_code(schedule, 100, framework))
    assert "save and load the state_dict() of optimizer and scheduler" in text
    saved = {}
    found = []
    for first, last in ((0, 45), (45, 100)):
        names = executed(text)
        for thing, state in saved.items():
            names[thing].load_state_dict(state)
        for _ in range(first, last):
            found.append(names["optimizer"].param_groups[0]["lr"])
            names["optimizer"].step()
            names["scheduler"].step()
        saved = {thing: names[thing].state_dict() for thing in ("optimizer", "scheduler")}
    np.testing.assert_allclose(found, schedule.values(100), rtol=1e-9, atol=1e-15)
