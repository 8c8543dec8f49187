"""Blocks give the same results whoever computes them, and stop when they are told to."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import numpy as np
import pytest

from lr_explorer.experiments.blocks import Ahead, Stopped, computed, finished, replicate_blocks
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.seeds import MOST_REPETITIONS, Purpose, seed_for, under
from lr_explorer.scenario import MAX_SEED, Scenario
from lr_explorer.simulate import most_with_paths, simulate
from lr_explorer.start import Circle

SQUARES = [partial(pow, base, 2) for base in range(20)]


def test_results_come_in_the_order_of_the_blocks():
    with ThreadPoolExecutor(3) as pool:
        assert computed(SQUARES, pool) == computed(SQUARES) == [base**2 for base in range(20)]


@pytest.mark.parametrize("in_pool", [False, True])
def test_progress_counts_every_block(in_pool):
    told = []
    with ThreadPoolExecutor(2) as pool:
        computed(SQUARES, pool if in_pool else None, lambda done, total: told.append((done, total)))
    assert told == [(done, 20) for done in range(1, 21)]


def test_in_this_process_nothing_is_computed_after_a_stop():
    ran = []
    blocks = [partial(ran.append, place) for place in range(5)]
    with pytest.raises(Stopped):
        computed(blocks, is_stopped=lambda: len(ran) == 2)
    assert ran == [0, 1]


def test_a_stop_cancels_what_has_not_begun():
    ran, gate = [], Event()

    def work(place):
        ran.append(place)
        gate.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(Stopped):
            computed([partial(work, place) for place in range(10)], pool, is_stopped=lambda: bool(ran))
        gate.set()
    assert ran == [0]


def test_a_caller_who_asks_for_no_more_cancels_the_rest():
    ran = []

    def work(place):
        ran.append(place)
        time.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        results = finished([partial(work, place) for place in range(100)], pool)
        next(results)
        results.close()
    assert len(ran) < 10


def test_a_report_that_raises_cancels_the_rest_at_once():
    ran = []

    def work(place):
        ran.append(place)
        time.sleep(0.01)

    def superseded(done, total):
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            computed([partial(work, place) for place in range(100)], pool, superseded, ahead=100)
        pool.submit(ran.append, "next").result()
    assert len(ran) < 10
    assert ran[-1] == "next"


@pytest.mark.parametrize("in_pool", [False, True])
def test_results_are_there_one_by_one_whichever_are_asked_for(in_pool):
    with ThreadPoolExecutor(2) as pool, Ahead(SQUARES, pool if in_pool else None) as coming:
        assert [coming.result(place) for place in (0, 1, 4, 5, 17, 2)] == [0, 1, 16, 25, 289, 4]


def test_what_was_begun_ahead_and_not_asked_for_is_cancelled():
    ran, gate = [], Event()

    def work(place):
        ran.append(place)
        if place == 1:
            gate.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with Ahead([partial(work, place) for place in range(10)], pool) as coming:
            coming.result(0)
        gate.set()
    # The second may have begun.
    assert ran in ([0], [0, 1])


def test_a_block_that_fails_ends_the_work_with_its_error():
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        computed([partial(pow, 0, -1), *SQUARES], pool)


def test_replicates_are_divided_without_gaps_into_groups_that_share_a_key():
    for count in (1, 63, 64, 65, 1000, 100_000):
        for steps in (1, 500, 20_000):
            blocks = replicate_blocks(Scenario(steps=steps), count)
            assert [number for block in blocks for number in block] == list(range(count))
            assert all(block.start % 64 == 0 for block in blocks) or max(map(len, blocks)) in (1, 2, 4, 8, 16, 32)
            assert max(map(len, blocks)) <= most_with_paths(Scenario(steps=steps))
    with pytest.raises(ValueError, match="replicate_blocks: count must be at least 1; got 0"):
        replicate_blocks(Scenario(), 0)


@pytest.mark.parametrize("name", PRESETS)
def test_a_scenario_and_its_measure_can_be_sent_to_another_process(name):
    preset = PRESETS[name]
    scenario, measure = pickle.loads(pickle.dumps((preset.scenario.with_values(steps=20), preset.measure)))
    run = simulate(scenario, 4)
    assert scenario == preset.scenario.with_values(steps=20)
    for arm in run.arms:
        np.testing.assert_array_equal(measure.holds(scenario.surface, arm), preset.measure.holds(scenario.surface, arm))


# Seeds


def test_no_seed_serves_two_purposes():
    seeds = [seed_for(seed, purpose, again) for seed in range(50) for purpose in Purpose for again in range(20)]
    assert len(set(seeds)) == len(seeds)
    # Whatever the scenario's seed, its own answers differ and are seeds that a scenario may have.
    for seed in (0, 10**12 - 1, 10**12, 10**15 + 7, MAX_SEED):
        mine = [seed_for(seed, purpose, again) for purpose in Purpose for again in range(MOST_REPETITIONS + 1)]
        assert len(set(mine)) == len(mine)
        assert 0 <= min(mine) <= max(mine) <= MAX_SEED


def test_what_is_displayed_has_the_seed_of_the_scenario():
    assert under(Scenario(seed=7), Purpose.DISPLAY) == Scenario(seed=7)
    assert under(Scenario(seed=7), Purpose.TUNING).seed == 10**12 + 7


def test_purposes_have_starts_and_noise_of_their_own():
    scenario = Scenario(start=Circle(radius=1.0), steps=20)
    runs = [simulate(under(scenario, purpose), 100).arms[0].path for purpose in Purpose]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not np.isclose(runs[one][0], runs[other][0]).all(axis=0).any()
        assert abs(np.corrcoef(runs[one][-1].ravel(), runs[other][-1].ravel())[0, 1]) < 0.3


def test_a_repetition_that_has_no_seeds_is_refused():
    with pytest.raises(ValueError, match="seed_for: repetition must be between 0 and 900; got 901"):
        seed_for(1, Purpose.TUNING, 901)
