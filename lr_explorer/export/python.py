"""Plain Python: the rate as a function, with nothing to install."""

from lr_explorer.export.plain import NO_DROP, Drop, names_in, rate_function
from lr_explorer.export.snippet import COLLECTING, OptimizerLines, comments, document, settings, standard_imports
from lr_explorer.schedules import Schedule

RESUME = "To resume, save the number of the next update: the rate depends on nothing else."


def export(schedule: Schedule, steps: int, optimizer: OptimizerLines | None = None, drop: Drop = NO_DROP) -> str:
    """Return the snippet."""
    function = rate_function(schedule, steps, drop)
    collect = [COLLECTING, "lr = [rate(t) for t in range(steps)]"]
    code = [*function, *collect]
    numpy = ["import numpy as np"] if "np" in names_in(code) else []
    notes = [*(optimizer.notes if optimizer else ()), RESUME]
    return document(standard_imports(code), numpy, settings(schedule.peak, steps, code), function, comments(notes), collect)
