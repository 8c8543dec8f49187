"""Work as a list of independent blocks, computed here or by any `concurrent.futures.Executor`.

A block is a function without arguments that depends on nothing but itself; made with `functools.partial` of a function of a module, it can be
sent to another process. Results do not depend on who computes the blocks or in which order.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import Any, Generic, Self, TypeVar

from lr_explorer.draws import GROUP, whole_groups
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import most_with_paths

T = TypeVar("T")
Progress = Callable[[int, int], None]
IsStopped = Callable[[], bool]

# Updates of single lanes in a block: a tenth of a second, which is how soon one hears of progress, and a history that stays small.
_UPDATES = 2_500_000
# Blocks handed over at a time: enough for a few workers, and few enough for the blocks of others to come between.
AHEAD = 4
# Seconds between two questions whether to stop, while workers are busy.
_PATIENCE = 0.1


class Stopped(Exception):
    """It was asked to stop; what had been computed is dropped."""


def finished(
    blocks: Sequence[Callable[[], T]], executor: Executor | None = None, is_stopped: IsStopped | None = None, ahead: int = AHEAD
) -> Iterator[tuple[int, T]]:
    """Yield the place and the result of each block as soon as it is there.

    executor: who computes them, by default this process, one after another. is_stopped: asked again and again; once it says yes, blocks that
    have not begun are cancelled and Stopped is raised. They are cancelled, too, if a block fails or the caller asks for no more.
    ahead: how many blocks are in an executor's hands at a time.
    """
    waiting = iter(enumerate(blocks))
    if executor is None:
        for place, block in waiting:
            _check(is_stopped)
            yield place, block()
        return
    running: dict[Future[T], int] = {}
    try:
        while True:
            _check(is_stopped)
            running |= {executor.submit(block): place for place, block in islice(waiting, ahead - len(running))}
            if not running:
                return
            for future in wait(running, timeout=_PATIENCE, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()


class Ahead(Generic[T]):
    """Blocks whose results are asked for one by one, roughly in their order, while an executor computes the next few; a context, which cancels
    what nobody came for.

    executor: by default this process computes a block when it is asked for.
    """

    def __init__(self, blocks: Sequence[Callable[[], T]], executor: Executor | None = None) -> None:
        self._blocks = blocks
        self._executor = executor
        self._futures: dict[int, Future[T]] = {}

    def result(self, place: int) -> T:
        """Return the result of the block at `place`."""
        if self._executor is None:
            return self._blocks[place]()
        for coming in range(place, min(place + AHEAD, len(self._blocks))):
            if coming not in self._futures:
                self._futures[coming] = self._executor.submit(self._blocks[coming])
        return self._futures[place].result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._futures.values():
            future.cancel()


def computed(
    blocks: Sequence[Callable[[], T]],
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
    ahead: int = AHEAD,
) -> list[T]:
    """Return the results of all blocks, in their order; progress: is told how many of how many are done."""
    results: dict[int, T] = {}
    for place, result in finished(blocks, executor, is_stopped, ahead):
        results[place] = result
        if progress is not None:
            progress(len(results), len(blocks))
    return [results[place] for place in range(len(blocks))]


def _check(is_stopped: IsStopped | None) -> None:
    if is_stopped is not None and is_stopped():
        raise Stopped("stopped before all blocks were computed")


def replicate_blocks(scenario: Scenario, count: int) -> list[range]:
    """Divide the replicates 0 … count − 1 of a scenario into blocks of about a tenth of a second each, in which all have a path."""
    if count < 1:
        raise ValueError(f"replicate_blocks: count must be at least 1; got {count}")
    size = whole_groups(min(max(GROUP, _UPDATES // (scenario.steps * len(scenario.arms))), most_with_paths(scenario)))
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


def parts(values: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Divide a sequence into parts of at most `size`."""
    return [values[first : first + size] for first in range(0, len(values), size)]
