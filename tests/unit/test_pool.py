"""The pool's processes compute what they are given, know nothing of pages, and can be lost."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lr_explorer import grids
from lr_explorer.experiments.crowd import crowd
from lr_explorer.experiments.pool import Pool, WorkerLost
from lr_explorer.experiments.sweep import Axis, sweep
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.surfaces import SURFACES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pool():
    with Pool(1) as made:
        yield made


def said(text):
    """Return a block that evaluates an expression."""
    return partial(eval, text)


def test_results_errors_and_what_is_printed_are_told_apart(pool):
    assert pool.submit(pow, 2, 10).result() == 1024
    with pytest.raises(ZeroDivisionError) as raised:
        pool.submit(pow, 0, -1).result()
    assert "In a worker process" in raised.value.__notes__[0]
    assert pool.submit(print, "not an answer").result() is None
    np.testing.assert_array_equal(pool.submit(np.arange, 100_000).result(), np.arange(100_000))


def test_what_cannot_be_sent_either_way_is_an_error_and_harms_nobody(pool):
    with pytest.raises(Exception, match=r"lambda|pickle"):
        pool.submit(lambda: 1).result()
    with pytest.raises(Exception, match="pickle"):
        pool.submit(said("(lambda: 1)")).result()
    assert pool.submit(pow, 2, 3).result() == 8


def test_a_worker_that_is_lost_is_replaced_and_its_block_computed_again(pool):
    before = pool.submit(os.getpid).result()
    # Kills the worker that is known from before, and no other.
    mortal = said(f"__import__('os').getpid() == {before} and __import__('os').kill({before}, 9) or 'done'")
    assert pool.submit(mortal).result() == "done"
    assert pool.submit(os.getpid).result() != before


def test_a_block_that_ends_every_worker_is_refused_with_a_sentence(pool):
    with pytest.raises(WorkerLost, match="A process ended with status 3 while it computed this, and another one, too"):
        pool.submit(os._exit, 3).result()
    assert pool.submit(pow, 2, 3).result() == 8


@pytest.mark.slow
def test_a_sweep_in_processes_is_the_sweep_without(pool):
    axes = [Axis.read("noise.sigma=0, 1, 2", Scenario())]
    scenario = Scenario(steps=30)
    assert sweep(scenario, axes, count=70, executor=pool).rows() == sweep(scenario, axes, count=70).rows()


@pytest.mark.slow
def test_a_landscape_of_ones_own_goes_along_to_the_process(pool):
    axis = np.linspace(-1.0, 1.0, 9)
    grid = grids.Grid("mine", axis, axis, axis**2 + axis[:, None] ** 2)
    grids.offer({grid.name: grid})
    try:
        scenario = Scenario(surface=SURFACES.create("grid", data=grid.name), noise=Gaussian(sigma=0.1), steps=20)
    finally:
        grids.offer({})
    one, other = (crowd(scenario, count=5, executor=executor) for executor in (pool, None))
    np.testing.assert_array_equal(one.arms[0].loss, other.arms[0].loss)


_PAGE = """
import os
from lr_explorer.experiments.pool import SHARED
from lr_explorer.experiments.sweep import Axis, Sweep
from lr_explorer.scenario import Scenario
print("the page runs")
job = Sweep(Scenario(steps=5), (Axis("noise.sigma", ("1",)),), count=2)
job.gathered([SHARED.submit(block).result() for block in job.blocks()])
print(SHARED.submit(eval, "sorted({'lr_explorer', 'streamlit', 'plotly', 'pandas', '__mp_main__'} & set(__import__('sys').modules))").result())
print("a worker" if SHARED.submit(os.getpid).result() != os.getpid() else "no worker", flush=True)
input()
"""


def test_workers_run_neither_the_page_nor_anything_that_draws_and_end_with_who_started_them(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(_PAGE)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    owner = subprocess.Popen([sys.executable, "-W", "error", page], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, **pipes)
    lines = [owner.stdout.readline() for _ in range(3)]
    owner.kill()
    # The worker writes to the same pipe, which therefore ends when both have ended.
    assert owner.communicate(timeout=60) == ("", "")
    assert lines == ["the page runs\n", "['lr_explorer']\n", "a worker\n"]
