"""Processes for heavy blocks, so that whoever serves pages stays quick; one pool is shared by all.

Workers are programs of their own, which import what the blocks they get are made of. Started by multiprocessing they would import the main
module again, and where Streamlit serves, that is the page which runs at the moment.
"""

import atexit
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import local
from typing import Any, ParamSpec, TypeVar

from lr_explorer.experiments import worker
from lr_explorer.experiments.worker import receive, send

T = TypeVar("T")
P = ParamSpec("P")

_ROOT = Path(__file__).parents[2]
# A block depends on nothing but itself, so another worker may try it; if that ends, too, the block is to blame.
_ATTEMPTS = 2


class WorkerLost(RuntimeError):
    """The processes that were to compute a block ended before they had answered."""


class Pool(ThreadPoolExecutor):
    """An executor with at most `workers` processes, each started when it is first needed and replaced when it dies.

    Blocks are taken in the order in which they come; those that have not begun can be cancelled. Who hands over a few at a time, as
    `blocks.finished` does, leaves room for the blocks of others between. Used as a context, it ends its processes.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, "lr-explorer-pool")
        self._mine = local()
        self._started: list[subprocess.Popen[bytes]] = []

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return super().submit(self._computed, partial(work, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            for process in self._started:
                _end(process)

    def _computed(self, work: Callable[[], T]) -> T:
        message = pickle.dumps(work)
        for _ in range(_ATTEMPTS):
            process = self._process()
            try:
                send(process.stdin, message)  # type: ignore[arg-type]
                succeeded, answer = pickle.loads(receive(process.stdout))  # type: ignore[arg-type]
            except (EOFError, BrokenPipeError):
                del self._mine.process
                self._started.remove(process)
                status = _end(process)
            else:
                if succeeded:
                    return answer
                raise answer
        raise WorkerLost(f"A process ended with status {status} while it computed this, and another one, too: there may be too little memory.")

    def _process(self) -> "subprocess.Popen[bytes]":
        """Return the process of the thread at hand."""
        if not hasattr(self._mine, "process"):
            path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
            self._mine.process = subprocess.Popen(
                # -P: the program's directory is no place to import from.
                [sys.executable, "-P", worker.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": path},
                # An interrupt from the keyboard is for who waits for the result.
                start_new_session=True,
            )
            self._started.append(self._mine.process)
        return self._mine.process


def _end(process: "subprocess.Popen[Any]") -> int:
    """End a process that computes nothing, and return its status; it ends by itself when no more can come, as when this process dies."""
    # What is left of a block that the process did not take cannot be written any more.
    with suppress(BrokenPipeError):
        process.stdin.close()  # type: ignore[union-attr]
    process.stdout.close()  # type: ignore[union-attr]
    return process.wait()


# Of everyone in this process. Nothing is started before something is asked of it.
SHARED = Pool(os.cpu_count() or 1)
atexit.register(SHARED.shutdown)
