"""How exported code is run, and what its rates are compared with."""

import numpy as np

from lr_explorer.export import FRAMEWORKS, export_code
from lr_explorer.export.cases import STEPS, variants
from lr_explorer.export.snippet import COLLECTING

# Frameworks that compute rates in double precision; their recursions leave roundings of the large rates in the small ones.
DOUBLE = ("python", "torch", "transformers")


def executed(text):
    """Return the names that exported code leaves behind."""
    names = {"__name__": "exported"}
    exec(compile(text, "exported", "exec"), names)
    return names


def kept(text):
    """Return what remains of a snippet when the part that only collects the rates is dropped."""
    before, line, _ = text.partition(COLLECTING)
    assert line
    return before


def cases(name):
    """Yield every schedule of this name and every length on which snippets are tried, but for those that the schedule itself refuses."""
    for schedule in variants(name):
        for steps in STEPS:
            try:
                expected = schedule.values(steps)
            except ValueError:
                continue
            yield schedule, steps, expected


def compare(schedule, steps, framework, expected, found):
    """Assert that the rates are those of the schedule."""
    tolerance = FRAMEWORKS[framework].tolerance
    assert isinstance(found, list)
    assert len(found) == steps
    np.testing.assert_allclose(
        np.array(found, dtype=float),
        expected,
        rtol=tolerance if framework in DOUBLE else 0,
        # 1 + cos near its zero keeps no digits of its own, so that plain Python is compared to a rounding of the peak.
        atol=(4e-16 if framework == "python" else tolerance) * schedule.peak,
        err_msg=f"{schedule!r} for {steps} updates\n{export_code(schedule, steps, framework)}",
    )


def check(schedule, steps, framework, expected):
    compare(schedule, steps, framework, expected, executed(export_code(schedule, steps, framework))["lr"])
