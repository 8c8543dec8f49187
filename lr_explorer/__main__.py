"""Headless runs: python -m lr_explorer sweep LINK --vary noise.sigma=0.5..2/4 --out table.csv"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from lr_explorer.experiments.blocks import finished
from lr_explorer.experiments.crowd import csv_of
from lr_explorer.experiments.ensemble import REPLICATES
from lr_explorer.experiments.journal import Journal
from lr_explorer.experiments.measures import global_basin, read_measure, spellings
from lr_explorer.experiments.pool import Pool, WorkerLost
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.sweep import Axis, Sweep
from lr_explorer.links import Reader
from lr_explorer.params import Choice, Flag, Number, Part, shortened
from lr_explorer.scenario import Scenario, described_at

_INTERRUPTED = 130
_REFUSED = 2
# Blocks in an executor's hands for each of its workers: one at work, and one that waits for it.
_AHEAD = 2
# Seconds between two reports where a line cannot be written anew.
_PATIENCE = 10.0

_EPILOGUE = """
LINK is the address of a what-if copied from the app, or what follows its question mark; JSON a file of the same keys and values, - for
standard input. --list prints the keys of a scenario with their values and what they may be.

VALUES are a list (0.5, 1, 2), an even range (0.5..2/4 is 0.5, 1, 1.5, 2) or one by equal factors (0.001..1/4 log is 0.001, 0.01, 0.1, 1).
Several --vary make every combination; arm*.schedule.peak=… changes all arms alike. Values that have commas themselves are parted by
semicolons. Without --vary the arms are run as they are.

Measures, which say what counts as success:
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 2 if it is refused, 130 if it is interrupted."""
    chosen = _parser().parse_args(arguments)
    try:
        return _sweep(chosen)
    except (ValueError, WorkerLost, OSError) as reason:
        print(f"lr_explorer: {reason}", file=sys.stderr)
        return _REFUSED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m lr_explorer", description="Experiment with learning-rate schedules without the dashboard.")
    command = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "sweep",
        help="run a what-if with some of its values varied, and write a table",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOGUE + "\n".join(f"  {spelled}\n      {asks}" for spelled, asks in spellings().items()),
    )
    command.add_argument("scenario", metavar="LINK_OR_JSON", help="the what-if")
    command.add_argument("--vary", metavar="KEY=VALUES", action="append", default=[], help="an axis of the sweep; may be given several times")
    command.add_argument("--replicates", metavar="N", type=int, default=REPLICATES, help="replicates of each arm in each cell (%(default)s)")
    command.add_argument("--measure", help="what counts as success (the preset's of the link, or else global_basin)")
    command.add_argument("--tolerance", metavar="LOSS", type=float, help="loss above the lowest to which steps are counted (1 %% of the start's)")
    command.add_argument("--out", metavar="FILE", type=Path, help="where the table goes: a .csv or .parquet file")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", metavar="N", type=int, default=os.cpu_count() or 1, help="processes that compute (%(default)s); 1 is this one")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler that computes instead, such as tcp://127.0.0.1:8786")
    command.add_argument("--list", action="store_true", help="print the scenario's keys and run nothing")
    return parser


def _sweep(chosen: argparse.Namespace) -> int:
    scenario, preset = _read(chosen.scenario)
    if chosen.list:
        print(_keys(scenario))
        return 0
    out = _checked(chosen.out)
    measure = read_measure(chosen.measure) if chosen.measure else PRESETS[preset].measure if preset in PRESETS else global_basin()
    axes = tuple(Axis.read(written, scenario) for written in chosen.vary)
    job = Sweep(scenario, axes, measure, chosen.replicates, chosen.tolerance)
    blocks = job.blocks()
    side = out.with_name(f"{out.name}.partial")
    with Journal(side, _name(job)) as journal:
        missing = [place for place in range(len(blocks)) if place not in journal.results]
        report = _Report(len(journal.results), len(blocks))
        try:
            with _executor(chosen) as (executor, ahead):
                for place, result in finished([blocks[place] for place in missing], executor, ahead=ahead):
                    journal.add(missing[place], result)
                    report.tell(len(journal.results))
        except KeyboardInterrupt:
            if journal.results:
                report.end(f"Stopped with {len(journal.results):,} of {len(blocks):,} blocks in {side}: the same command goes on from there.")
            raise
        results = [journal.results[place] for place in range(len(blocks))]
    rows = job.gathered(results).rows()
    beside = out.with_name(f"{out.name}.new")
    beside.write_bytes(_table(rows, out.suffix))
    # So the table is there whole or not at all.
    os.replace(beside, out)
    side.unlink(missing_ok=True)
    report.end(f"{len(rows):,} rows of {len(job.scenarios):,} cells × {chosen.replicates:,} replicates in {out}.")
    return 0


# What is run


def _read(written: str) -> tuple[Scenario, str]:
    """Return the scenario of a link or a JSON file, and the preset that it began from; ValueError if any of it cannot be used."""
    query = _query(written)
    preset = query.pop("preset", "none")
    if preset != "none" and preset not in PRESETS:
        raise ValueError(f"unknown preset {shortened(preset)}; known: {', '.join(PRESETS)}")
    fallback = PRESETS[preset].scenario if preset in PRESETS else None
    scenario = Scenario.read(Reader(query), fallback)
    if scenario.complaints:
        # Imported only where there is something else than a scenario, since this takes long: a link carries what pages add, too.
        from lr_explorer.ui.state import is_of_pages

        scenario = Scenario.read(Reader({key: value for key, value in query.items() if not is_of_pages(key)}), fallback)
    if scenario.complaints:
        raise ValueError(
            "nothing is run, since the what-if could only be read with changes:\n" + "\n".join(f"  {complaint}" for complaint in scenario.complaints)
        )
    return scenario, preset


def _query(written: str) -> dict[str, str]:
    if written == "-" or Path(written).suffix == ".json":
        if written != "-" and not Path(written).is_file():
            raise ValueError(f"there is no file {written}")
        text = sys.stdin.read() if written == "-" else Path(written).read_text(encoding="utf-8")
        try:
            found = json.loads(text)
        except json.JSONDecodeError as reason:
            raise ValueError(f"{written}: no JSON, {reason}") from reason
        if not isinstance(found, dict) or not all(isinstance(value, str | int | float) for value in found.values()):
            raise ValueError(f'{written}: the JSON must be an object of texts, numbers, true and false, such as {{"noise.sigma": 0.5}}')
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}
    query = written.rpartition("?")[2]
    if query and "=" not in query:
        raise ValueError(
            f"what to run is a link, such as 'surface=rosenbrock&noise.sigma=0.5', or the name of a .json file; got {shortened(written)}"
        )
    return dict(parse_qsl(query, keep_blank_values=True))


def _keys(scenario: Scenario) -> str:
    """Return the scenario's keys, a line each: the value, and what it may be."""
    query = scenario.to_query()
    lines = []
    for key, value in query.items():
        described = described_at(key, query)
        if described is not None:
            lines.append(f"{f'{key}={value}':44}  {described.label}: {_allowed(described)}")
    return "\n".join(lines)


def _allowed(described: object) -> str:
    if isinstance(described, Number):
        return f"{'a whole number ' if described.whole else ''}{described.low:g} to {described.high:g}"
    if isinstance(described, Part):
        return ", ".join(described.registry)
    if isinstance(described, Choice):
        return ", ".join(described.options)
    return "true or false" if isinstance(described, Flag) else str(described.rule)  # type: ignore[attr-defined]


def _name(job: Sweep) -> str:
    """Return a line that tells a sweep from every other, and from itself computed by other code, which may round otherwise."""
    measure = job.measure.says, getattr(job.measure.holds, "keywords", {})
    asked = repr((job.base.link, job.axes, measure, job.count, job.tolerance, np.__version__))
    code = [path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    return hashlib.sha256(b"".join([asked.encode(), *code])).hexdigest()


# Where it runs


@contextmanager
def _executor(chosen: argparse.Namespace) -> Iterator[tuple[Executor | None, int]]:
    """Give what computes the blocks, and how many it should have in hand."""
    if chosen.scheduler:
        try:
            from dask.distributed import Client
        except ImportError as missing:
            raise ValueError("--scheduler needs Dask: pip install distributed") from missing
        with Client(chosen.scheduler) as client:
            threads = sum(client.nthreads().values())
            if not threads:
                raise ValueError(f"the scheduler {chosen.scheduler} has no workers yet: start some with dask worker {chosen.scheduler}")
            found = [client.run_on_scheduler(find_spec, __package__), *client.run(find_spec, __package__).values()]
            if None in found:
                raise ValueError(
                    f"the scheduler and every worker must be able to import {__package__}: start them with PYTHONPATH={Path(__file__).parents[1]}, "
                    "or install it where they run"
                )
            yield client.get_executor(), _AHEAD * threads
    elif chosen.workers > 1:
        with Pool(chosen.workers) as pool:
            yield pool, _AHEAD * chosen.workers
    else:
        yield None, 1


# What comes of it


def _checked(out: Path | None) -> Path:
    """Return the file that the table goes to if one can be written there, before anything is run."""
    if out is None or out.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--out names the table, a .csv or .parquet file; got {'nothing' if out is None else shortened(str(out))}")
    if out.suffix == ".parquet":
        missing = [name for name in ("pandas", "pyarrow") if find_spec(name) is None]
        if missing:
            raise ValueError(f"a .parquet file needs {' and '.join(missing)}: pip install {' '.join(missing)}, or write a .csv file")
    if not out.parent.is_dir():
        raise ValueError(f"--out: there is no folder {out.parent}")
    return out


def _table(rows: list[dict[str, object]], suffix: str) -> bytes:
    if suffix == ".csv":
        return csv_of(rows).encode()
    from pandas import DataFrame

    content = BytesIO()
    DataFrame(rows).to_parquet(content, index=False)
    return content.getvalue()


class _Report:
    """A line on standard error that says how far it is: always the same one on a terminal, and else one now and then."""

    def __init__(self, done: int, total: int) -> None:
        self._before = done
        self._total = total
        self._began = self._told = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        if done:
            print(f"{done:,} of {total:,} blocks were there already.", file=sys.stderr)

    def tell(self, done: int) -> None:
        now = time.monotonic()
        if not self._is_terminal and now - self._told < _PATIENCE:
            return
        self._told = now
        left = (now - self._began) / (done - self._before) * (self._total - done)
        line = f"{done:,} of {self._total:,} blocks, about {left:.0f} s to go"
        print(f"\r\x1b[K{line}" if self._is_terminal else line, end="" if self._is_terminal else "\n", file=sys.stderr, flush=True)

    def end(self, sentence: str) -> None:
        print(f"\r\x1b[K{sentence}" if self._is_terminal else sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
