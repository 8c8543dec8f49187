"""The command line runs what a link says, goes on where it was interrupted, and refuses in sentences."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest

from lr_explorer import __main__ as command
from lr_explorer.experiments.crowd import csv_of
from lr_explorer.experiments.journal import AnotherJob, Journal
from lr_explorer.experiments.measures import MEASURES, below, best_checkpoint, farther_than, global_basin, read_measure, spellings
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.sweep import Axis, Sweep, sweep
from lr_explorer.links import Reader
from lr_explorer.scenario import Scenario
from lr_explorer.ui.state import ADDED

ROOT = Path(__file__).parents[2]
LINK = "v=1&surface=quadratic&steps=20&arm1.schedule=cosine&arm1.schedule.peak=0.1"
VARY = ["--vary", "noise.sigma=0.5, 1, 2", "--vary", "arm*.schedule.peak=0.01..0.1/2"]


def run(out, *more, link=LINK, workers=1, replicates=10):
    """Run the sweep command in this process and return its exit status."""
    return command.main(["sweep", link, "--out", str(out), "--workers", str(workers), "--replicates", str(replicates), *more])


def swept(link=LINK, replicates=10, measure=None, **axes):
    """Return the rows of the same sweep by way of the library."""
    scenario = Scenario.read(Reader(dict(item.split("=", 1) for item in link.split("&"))))
    made = tuple(Axis.read(f"{key}={values}", scenario) for key, values in axes.items())
    return sweep(scenario, made, measure or global_basin(), replicates).rows()


TWO_AXES = {"noise.sigma": "0.5, 1, 2", "arm*.schedule.peak": "0.01, 0.1"}


# The table


def test_the_table_is_what_the_library_says(tmp_path):
    assert run(tmp_path / "table.csv", *VARY) == 0
    assert (tmp_path / "table.csv").read_text() == csv_of(swept(**TWO_AXES))
    assert os.listdir(tmp_path) == ["table.csv"]


def test_csv_and_parquet_hold_the_same(tmp_path):
    pandas = pytest.importorskip("pandas")
    more = [*VARY, "--vary", "arm1.optimizer=sgd, adam"]
    assert run(tmp_path / "table.csv", *more) == run(tmp_path / "table.parquet", *more) == 0
    one = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    other = pandas.read_parquet(tmp_path / "table.parquet")
    assert len(one) == len(other) == 3 * 2 * 2
    assert list(one[0]) == list(other)
    for name, column in other.items():
        read = str if name in ("arm", "arm1.optimizer") else float
        assert [read(row[name]) for row in one] == column.tolist()
    assert np.isinf(other["steps_high"]).any()


def test_a_link_a_preset_and_json_are_read_alike(tmp_path, monkeypatch):
    out = tmp_path / "table.csv"
    query = PRESETS["settle"].scenario.to_query() | {"preset": "settle"}
    (tmp_path / "what-if.json").write_text(json.dumps(query | {"steps": 300}))
    # What the pages add to the link is nothing to a sweep.
    added = {prefix + name: text for prefix, cls in ADDED for name, text in cls().texts().items() if name != "preset"}
    written = [
        "https://example.org/Compare?" + "&".join(f"{key}={value}" for key, value in query.items()) + "&" + urlencode(added),
        "preset=settle",
        str(tmp_path / "what-if.json"),
        "-",
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(query)))
    tables = []
    for link in written:
        assert run(out, link=link) == 0
        tables.append(out.read_text())
    assert set(tables) == {csv_of(sweep(PRESETS["settle"].scenario, (), PRESETS["settle"].measure, 10).rows())}


def test_a_measure_is_read_as_it_is_spelled(tmp_path):
    for written, measure in {
        "below:0.5": below(0.5), "best_checkpoint: 10, 0.01": best_checkpoint(10, 0.01), "farther_than:y,1.5": farther_than("y", 1.5),
    }.items():  # fmt: skip
        made = read_measure(written)
        assert (made.says, made.holds.func, made.holds.keywords) == (measure.says, measure.holds.func, measure.holds.keywords)
    assert read_measure("global_basin") == global_basin()
    assert [spelled.partition(":")[0] for spelled in spellings()] == list(MEASURES)
    assert all(spellings().values())
    assert run(tmp_path / "table.csv", "--measure", "below:0.5") == 0
    assert (tmp_path / "table.csv").read_text() == csv_of(swept(measure=below(0.5)))


def test_the_keys_are_listed_with_their_values_and_what_they_may_be(capsys):
    assert command.main(["sweep", LINK, "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("noise.sigma=")]
    assert line.split()[1:] == ["Noise", "σ:", "0", "to", "10000"]
    assert {line.split("=")[0] for line in lines} == set(command._read(LINK)[0].to_query()) - {"v"}


# Refusals


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["nonsense", "--out", "t.csv"],
            "what to run is a link, such as 'surface=rosenbrock&noise.sigma=0.5', or the name of a .json file; got 'nonsense'",
        ),
        (["steps=x", "--out", "t.csv"], "steps must be a whole number such as 100; got 'x'"),
        (["noise.sigmo=1", "--out", "t.csv"], "'noise.sigmo' is not a setting here"),
        (["preset=settled", "--out", "t.csv"], "unknown preset 'settled'; known: settle, "),
        (["no.json", "--out", "t.csv"], "there is no file no.json"),
        (["steps=5"], "--out names the table, a .csv or .parquet file; got nothing"),
        (["steps=5", "--out", "t.txt"], "--out names the table, a .csv or .parquet file; got 't.txt'"),
        (["steps=5", "--out", "nowhere/t.csv"], "--out: there is no folder nowhere"),
        (["steps=5", "--out", "t.csv", "--vary", "steps"], "an axis is written KEY=VALUES"),
        (["steps=5", "--out", "t.csv", "--vary", "noise.sigma=-1"], "the cell noise.sigma=-1 is refused: noise.sigma must be between 0 and"),
        (["steps=5", "--out", "t.csv", "--measure", "below"], "a measure is written below:EXCESS; got 'below'"),
        (["steps=5", "--out", "t.csv", "--measure", "lowest"], "unknown measure 'lowest'; known: global_basin, near_best:EXCESS"),
        (["steps=5", "--out", "t.csv", "--replicates", "0"], "Sweep.count must be at least 1; got 0"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_sentence(arguments, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command.main(["sweep", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("lr_explorer: ")
    assert reason in said
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", ["{", "[1]", '{"steps": null}', '{"arm1": {"name": "A"}}'])
def test_json_of_another_form_is_refused(content, tmp_path, capsys):
    (tmp_path / "bad.json").write_text(content)
    assert run(tmp_path / "t.csv", link=str(tmp_path / "bad.json")) == 2
    assert "bad.json: " in capsys.readouterr().err


def test_without_dask_its_scheduler_is_refused_with_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert command.main(["sweep", LINK, "--out", str(tmp_path / "t.csv"), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "--scheduler needs Dask: pip install distributed" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


# Interruptions


class Interrupting:
    """Stands for `finished`, and is interrupted after so many blocks; counts what was computed."""

    def __init__(self, monkeypatch, after):
        self.inner, self.after, self.computed = command.finished, after, 0
        monkeypatch.setattr(command, "finished", self)

    def __call__(self, blocks, executor=None, ahead=1):
        for place, result in self.inner(blocks, executor, ahead=ahead):
            if self.computed == self.after:
                raise KeyboardInterrupt
            self.computed += 1
            yield place, result


@pytest.mark.parametrize("after", range(4))
def test_after_an_interrupt_at_any_block_the_same_command_goes_on_to_the_same_table(after, tmp_path, monkeypatch, capsys):
    out = tmp_path / "table.csv"
    with monkeypatch.context() as patch:
        before = Interrupting(patch, after)
        status = run(out, *VARY)
        assert (status, before.computed) == ((130, after) if after < 3 else (0, 3))
    if after < 3:
        assert os.listdir(tmp_path) == (["table.csv.partial"] if after else [])
        rest = Interrupting(monkeypatch, 99)
        assert run(out, *VARY) == 0
        assert rest.computed == 3 - after
    assert out.read_text() == csv_of(swept(**TWO_AXES))
    assert os.listdir(tmp_path) == ["table.csv"]
    if 0 < after < 3:
        assert f"Stopped with {after} of 3 blocks" in (said := capsys.readouterr().err)
        assert f"{after} of 3 blocks were there already." in said


@pytest.mark.parametrize("changed", [["--tolerance", "0.1"], ["--measure", "below:0.1"], ["--vary", "seed=1, 2"]])
def test_a_changed_command_does_not_go_on_with_blocks_of_another(changed, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        Interrupting(patch, 1)
        assert run(tmp_path / "table.csv", *VARY) == 130
    assert run(tmp_path / "table.csv", *VARY, *changed) == 2
    assert "table.csv.partial holds finished blocks of another job: delete it to start anew" in capsys.readouterr().err
    assert run(tmp_path / "table.csv", *VARY) == 0


def results_of(count):
    job = Sweep(Scenario(steps=3), (Axis("seed", tuple(map(str, range(count)))),), count=2)
    return [block() for block in job.blocks()]


def test_a_torn_last_record_is_left_out_wherever_it_was_torn(tmp_path):
    path, results = tmp_path / "side", results_of(2)
    ends = []
    with Journal(path, "job") as journal:
        for place, result in enumerate(results):
            journal.add(1 - place, result)
            ends.append(path.stat().st_size)
    whole = path.read_bytes()
    for length in {0, 5, ends[0] // 2, *(end + shift for end in ends for shift in (-1, 0, 1, 9, 30))}:
        path.write_bytes(whole[:length])
        with Journal(path, "job") as journal:
            known = sum(end <= length for end in ends)
            assert list(journal.results) == [1, 0][:known]
            journal.add(7, results[0])
        with Journal(path, "job") as journal:
            assert list(journal.results) == [*[1, 0][:known], 7]
    # A wrong bit is as bad as a missing one.
    path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    with Journal(path, "job") as journal:
        assert list(journal.results) == [1]
        for mine, theirs in zip(journal.results[1], results[0], strict=True):
            for name, values in vars(theirs).items():
                np.testing.assert_array_equal(getattr(mine, name), values)
                assert getattr(mine, name).dtype == values.dtype


def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path):
    (tmp_path / "side").write_text("somebody's notes\n")
    with pytest.raises(AnotherJob):
        Journal(tmp_path / "side", "job")
    assert (tmp_path / "side").read_text() == "somebody's notes\n"


# Processes

SLOW = ["--vary", "noise.sigma=0.5..2/100", "--replicates", "400"]


# Where the tests run in the background, as in a CI job, the shell has had them ignore the keyboard's interrupts, and what they start does so, too.
HEEDS_INTERRUPTS = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("lr_explorer", run_name="__main__", alter_sys=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_or_killed_goes_on_to_the_table_of_one_that_was_not(how, tmp_path):
    start = [sys.executable, "-c", HEEDS_INTERRUPTS, "sweep", "steps=1000", *SLOW, "--workers", "2", "--out"]
    subprocess.run([*start, tmp_path / "whole.csv"], cwd=ROOT, check=True)
    side = tmp_path / "table.csv.partial"
    broken = subprocess.Popen([*start, tmp_path / "table.csv"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not side.exists() or side.stat().st_size < 10_000:
        assert broken.poll() is None
        time.sleep(0.01)
    broken.send_signal(how)
    _, said = broken.communicate(timeout=60)
    assert broken.returncode == (130 if how == signal.SIGINT else -9)
    assert "Traceback" not in said
    kept = side.stat().st_size
    again = subprocess.run([*start, tmp_path / "table.csv"], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=True)
    assert "blocks were there already" in again.stderr
    assert kept > 10_000
    assert (tmp_path / "table.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not side.exists()


@pytest.mark.oracle
def test_a_dask_cluster_computes_the_same_to_the_bit_and_what_it_began_is_finished_here(tmp_path, monkeypatch):
    from dask.distributed import LocalCluster

    more = ["--vary", "noise.sigma=0.5..2/8", "--replicates", "100", "--out"]
    here, there, both = (str(tmp_path / f"{name}.csv") for name in ("here", "there", "both"))
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None) as cluster:
        scheduler = ["--scheduler", cluster.scheduler_address]
        assert command.main(["sweep", LINK, *scheduler, *more, there]) == 0
        with monkeypatch.context() as patch:
            Interrupting(patch, 3)
            assert command.main(["sweep", LINK, *scheduler, *more, both]) == 130
    assert command.main(["sweep", LINK, "--workers", "1", *more, both]) == 0
    assert command.main(["sweep", LINK, "--workers", "1", *more, here]) == 0
    assert Path(here).read_bytes() == Path(there).read_bytes() == Path(both).read_bytes()
