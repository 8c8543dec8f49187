"""Exported code of every registered schedule says the curve, looks like what a person would paste, and needs no framework to be read."""

import ast
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lr_explorer as lrx
from lr_explorer.export import FRAMEWORKS, checked_against, export_code, export_csv, export_json
from lr_explorer.export.cases import variants
from lr_explorer.export.snippet import COLLECTING
from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES
from lr_explorer.schedules.base import Schedule
from lr_explorer.training import Training
from tests.export.running import cases, check, executed, kept

MOST_LINES = 44
WIDEST = 145

# A composition has every part in every setting, which takes as long as all other schedules together.
every_schedule = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if cls.parts() else name for name, cls in SCHEDULES.items()]
)
every_framework = pytest.mark.parametrize("framework", FRAMEWORKS)


@pytest.mark.slow
@every_schedule
def test_plain_python_gives_the_curve_at_every_length_and_setting(name):
    for schedule, steps, expected in cases(name):
        check(schedule, steps, "python", expected)


@every_schedule
@every_framework
def test_code_is_valid_short_and_without_a_dump_of_numbers(name, framework):
    for schedule, steps, _ in cases(name):
        if steps != 100:
            continue
        text = export_code(schedule, steps, framework)
        tree = ast.parse(text)
        lines = text.splitlines()
        assert len([line for line in lines if line.strip()]) <= MOST_LINES, text
        assert max(map(len, lines)) <= WIDEST, text
        written = max((len(node.elts) for node in ast.walk(tree) if isinstance(node, ast.List | ast.Tuple)), default=0)
        typed = max((len(getattr(schedule, key)) for key in ("points", "milestones", "boundaries", "factors") if hasattr(schedule, key)), default=0)
        assert written <= max(6, typed), text


@every_schedule
@every_framework
def test_the_part_that_collects_the_rates_can_be_dropped(name, framework):
    text = export_code(SCHEDULES.create(name), 10, framework)
    assert text.count(COLLECTING) == 1
    ast.parse(kept(text))
    assert not re.search(r"\blr\b *[=.]", kept(text).replace("lr=", ""))
    assert text.endswith("\n")


@every_framework
def test_code_says_how_to_resume(framework):
    text = " ".join(export_code(SCHEDULES.create("cosine"), 10, framework).split())
    assert "To resume, save" in text
    if framework in ("torch", "transformers"):
        assert "state_dict() of optimizer and scheduler" in text


@pytest.mark.parametrize("framework", ["keras", "optax"])
def test_code_in_single_precision_says_so(framework):
    assert "float32" in export_code(SCHEDULES.create("cosine"), 10, framework)


@every_schedule
def test_settings_that_are_tried_begin_with_the_defaults_and_use_every_parameter(name):
    tried = list(variants(name))
    assert tried[0] == SCHEDULES.create(name)
    for key in SCHEDULES[name].params():
        assert len({getattr(schedule, key) for schedule in tried}) > 1, key
    for key in SCHEDULES[name].parts():
        assert len({getattr(schedule, key) for schedule in tried}) > 1, key


def test_a_schedule_that_does_not_say_what_it_is_is_refused_with_a_sentence():
    class Wordless(Schedule):
        label = "Wordless"

        def shape(self, update, total):
            return update * 0 + 1

    for framework in FRAMEWORKS:
        with pytest.raises(ValueError, match="Wordless cannot be written as code: it does not say in Python what its shape is"):
            export_code(Wordless(), 10, framework)


def test_what_cannot_be_exported_is_refused_with_a_sentence():
    cosine = SCHEDULES.create("cosine")
    with pytest.raises(ValueError, match="unknown framework 'jax'; known: torch, keras, optax, transformers, python"):
        lrx.export_code(cosine, 10, "jax")
    with pytest.raises(ValueError, match=r"Cosine\.values: steps must be a whole number of at least 1; got 0"):
        lrx.export_code(cosine, 0, "torch")
    with pytest.raises(ValueError, match="has no finite value"):
        lrx.export_code(SCHEDULES.create("lambda", expression="1/t"), 10, "torch")


def test_a_typed_formula_is_only_ever_written_as_arithmetic():
    text = export_code(SCHEDULES.create("lambda", expression="where(t < 5, 1, 2^(-t/T))"), 10, "python")
    assert "(1.0 if t < 5.0 else 2.0 ** (-t / steps))" in text


@every_framework
def test_the_statement_of_what_was_checked_counts_what_the_tests_run(framework):
    statement = checked_against(SCHEDULES.create("cosine"), framework)
    chosen = FRAMEWORKS[framework]
    assert f"{len(list(variants('cosine')))} settings of Cosine annealing, each for 1, 2, 3, 10 and 100 updates" in statement
    assert f"{chosen.label} {chosen.version}".strip() in statement
    assert f"within {chosen.tolerance:g} of the peak" in statement


def test_versions_in_the_statement_are_those_that_the_tests_install():
    lines = (Path(__file__).parents[2] / "requirements-oracles.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.removesuffix(".*").split("==") for line in lines if "==" in line)
    for name, framework in FRAMEWORKS.items():
        assert framework.version == pinned.get(name, "")


def test_exporting_imports_no_framework():
    frameworks = ("torch", "keras", "optax", "jax", "transformers")
    every = "[lrx.export_code(lrx.schedule('cosine'), 10, name) for name in ('torch', 'keras', 'optax', 'transformers')]"
    program = f"import sys, lr_explorer as lrx; {every}; print([name for name in {frameworks} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


# A schedule that the loop advances once per epoch.

# A timm run of 10 epochs on 50,000 samples in batches of 128: 391 updates an epoch.
TIMM = Training(samples=50_000, batch=128, epochs=10, total=10, stepped="epoch")


def by_hand(epochs, updates, rate):
    return [rate(epoch) for epoch in range(epochs) for _ in range(updates)]


def test_plain_python_holds_each_rate_for_an_epoch():
    names = executed(export_code(SCHEDULES.create("cosine", peak=0.1), 10, "python", per_epoch=391))
    assert names["lr"] == pytest.approx(by_hand(10, 391, lambda epoch: 0.05 * (1 + math.cos(math.pi * epoch / 10))), rel=1e-12, abs=1e-17)


@pytest.mark.parametrize("framework", ["optax", "keras", "transformers"])
def test_a_framework_that_counts_updates_is_told_how_many_make_an_epoch(framework):
    text = export_code(SCHEDULES.create("cosine"), 10, framework, per_epoch=391)
    assert "// updates_per_epoch" in text
    assert "updates_per_epoch, peak = 10, 391, 0.1" in text


def test_the_torch_loop_steps_its_scheduler_once_per_epoch_and_says_so():
    text = export_code(SCHEDULES.create("cosine"), 10, "torch", per_epoch=391)
    assert "Call scheduler.step() once per epoch" in text
    assert "    for _ in range(updates_per_epoch):\n" in text
    assert "\n    scheduler.step()" in text


@every_framework
def test_an_epoch_of_one_update_is_no_epoch(framework):
    schedule = SCHEDULES.create("cosine")
    assert export_code(schedule, 10, framework, per_epoch=1) == export_code(schedule, 10, framework)


def test_a_drop_within_an_epoch_is_refused_and_at_its_beginning_is_kept():
    arm = Arm(schedule=SCHEDULES.create("constant", peak=1.0), drop_at=6, drop_factor=0.5)
    assert executed(export_code(arm, 4, "python", per_epoch=3))["lr"] == [1.0] * 6 + [0.5] * 6
    with pytest.raises(ValueError, match=r"Arm\.drop_at must be the first update of an epoch, a multiple of 4, .*; got 6"):
        export_code(arm, 4, "torch", per_epoch=4)


def test_a_number_of_updates_that_is_none_is_refused():
    with pytest.raises(ValueError, match="per_epoch must be a whole number of at least 0; got -1"):
        export_code(SCHEDULES.create("cosine"), 10, per_epoch=-1)


def test_the_numbers_of_a_run_have_a_row_for_every_update():
    schedule = SCHEDULES.create("cosine", peak=0.1)
    rates = by_hand(10, 391, lambda epoch: 0.05 * (1 + math.cos(math.pi * epoch / 10)))
    assert json.loads(export_json(schedule, TIMM))["lr"] == pytest.approx(rates, rel=1e-12, abs=1e-17)
    rows = export_csv(schedule, TIMM).splitlines()
    assert len(rows) == 1 + 3910
    assert rows[0] == "step,lr"
    assert float(rows[-1].split(",")[1]) == pytest.approx(rates[-1], rel=1e-12)


def test_the_numbers_of_a_run_that_pytorch_would_stop_end_there():
    """OneCycleLR(total_steps=10) allows ten calls of step(), after which an eleventh rate is in use."""
    read = json.loads(export_json(SCHEDULES.create("one_cycle", cycle_momentum=True), Training(max_steps=20, total=10)))
    assert (len(read["lr"]), len(read["momentum"])) == (11, 11)
