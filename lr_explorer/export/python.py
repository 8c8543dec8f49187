"""Plain Python: the rate as a function, with nothing to install."""

from lr_explorer.export.plain import NO_DROP, Drop, names_in, rate_function
from lr_explorer.export.snippet import ALL_UPDATES, COLLECTING, OptimizerLines, comments, document, settings, standard_imports
from lr_explorer.schedules import Schedule

RESUME = "To resume, save the number of the next update: the rate depends on nothing else."


EPOCHS = "This schedule moves on once per epoch: update t has the rate of epoch t // updates_per_epoch."


def export(schedule: Schedule, steps: int, optimizer: OptimizerLines | None = None, drop: Drop = NO_DROP, *, per_epoch: int = 0) -> str:
    """Return the snippet; `per_epoch`: the updates for which each rate of the schedule holds, 0 for one."""
    function = rate_function(schedule, steps, drop, counted="epoch" if per_epoch else "update")
    rates = f"[rate(t // updates_per_epoch) for t in range({ALL_UPDATES})]" if per_epoch else "[rate(t) for t in range(steps)]"
    collect = [COLLECTING, f"lr = {rates}"]
    code = [*function, *collect]
    numpy = ["import numpy as np"] if "np" in names_in(code) else []
    notes = [*(optimizer.notes if optimizer else ()), *([EPOCHS] if per_epoch else []), RESUME]
    return document(standard_imports(code), numpy, settings(schedule.peak, steps, code, per_epoch), function, comments(notes), collect)
