"""Measure every claim's experiments, verdict, picture and the knob's slowest turn, by processor time: python tests/bench/claims.py

With a claim's id behind it, that claim alone: python tests/bench/claims.py M1
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from lr_explorer.claims import CLAIMS, Experiment


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def turns(experiment: Experiment) -> list[tuple[float, str]]:
    """Return how long each value of the knob takes."""
    knob = experiment.knob
    return [(seconds(knob.turned(experiment, value).result), knob.spelled(value)) for value in knob.values] if knob else []


def main(chosen: str) -> None:
    firsts, slowest = [], []
    for claim in CLAIMS.values():
        # What is asked of a whole matrix of tasks takes minutes, and its page shows how far it is.
        for experiment in filter(lambda one: isinstance(one, Experiment), claim.experiments if chosen in ("", claim.id) else ()):
            first = seconds(experiment.result)
            firsts.append(first)
            line = f"{claim.id}.{experiment.name}: verdict {first:.2f} s"
            result = experiment.result()
            drawn = [seconds(partial(picture, result)) for picture in experiment.pictures]
            line += f", pictures {sum(drawn):.2f} s"
            if found := turns(experiment):
                slowest.append(max(found))
                line += f", knob {max(found)[0]:.2f} s at {max(found)[1]}"
            print(line, flush=True)
    print(f"{len(firsts)} experiments: slowest verdict {max(firsts):.2f} s, {sum(first > 2 for first in firsts)} above 2 s, all {sum(firsts):.0f} s")
    if slowest:
        print(f"{len(slowest)} knobs: slowest turn {max(slowest)[0]:.2f} s, {sum(took > 1 for took, _ in slowest)} knobs have one above 1 s")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
