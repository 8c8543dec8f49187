"""Where a training loop in a text calls `scheduler.step()`, and how often it turns."""

import ast
import re
from dataclasses import dataclass

from lr_explorer.configs.code import Code, called, is_number
from lr_explorer.training import Training

_MOST_TURNS = int(Training.params()["epochs"].high)  # type: ignore[union-attr]


@dataclass(frozen=True)
class Loop:
    """What a loop says about the run: when it steps the schedule, and its epochs, batches per epoch and updates, 0 where it does not say."""

    stepped: str
    epochs: int = 0
    batches: int = 0
    updates: int = 0


def loop_around(code: Code, scheduler: ast.Call) -> Loop | None:
    """Return what the loop around the scheduler's step() says; None without such a loop.

    Where the loop that turns once for each step() also holds the update itself – optimizer.step() or backward() –, or goes over batches, the schedule
    is stepped per update; else per epoch.
    """
    steps = [call for call in code.calls if called(call) == "step" and code.loops[call] and _belongs(code, call, scheduler)]
    if not steps:
        return None
    around = code.loops[steps[-1]]
    inner = around[-1]
    updates = [call for call in code.calls if called(call) in ("step", "backward") and not _belongs(code, call, scheduler)]
    if any(code.loops[call][-1:] == (inner,) for call in updates) or len(around) > 1 or _goes_over_batches(inner):
        if len(around) > 1:
            return Loop("update", epochs=_turns(code, around[-2]), batches=_turns(code, inner))
        return Loop("update", updates=_turns(code, inner))
    return Loop("epoch", epochs=_turns(code, inner))


def _belongs(code: Code, call: ast.Call, scheduler: ast.Call) -> bool:
    """Return whether a call is one of the scheduler's methods, by the name that the scheduler was given, or else by how it sounds."""
    if not isinstance(call.func, ast.Attribute):
        return False
    names = code.names_of(scheduler)
    owner = ast.unparse(call.func.value)[:200]
    return owner in names if names else "sched" in owner.lower()


def _goes_over_batches(loop: ast.For | ast.AsyncFor) -> bool:
    return bool(re.search(r"loader|batch|dataset", f"{ast.unparse(loop.target)[:200]} {ast.unparse(loop.iter)[:200]}", re.IGNORECASE))


def _turns(code: Code, loop: ast.For | ast.AsyncFor) -> int:
    """Return how often a loop over range(…) turns, within tqdm(…) or enumerate(…) too; 0 if it is not known."""
    node = code.resolved(loop.iter)
    while isinstance(node, ast.Call) and called(node) not in ("range", "trange") and node.args:
        node = code.resolved(node.args[0])
    if not isinstance(node, ast.Call) or called(node) not in ("range", "trange"):
        return 0
    bounds = [code.value(argument) for argument in node.args[:2]]
    if not bounds or not all(is_number(bound) for bound in bounds):
        return 0
    turns = int(bounds[-1] - (bounds[0] if len(bounds) > 1 else 0))
    return turns if 1 <= turns <= _MOST_TURNS else 0
