"""Snapshots: how good the best of the saved points is, and the last one."""

import numpy as np

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import drawn, runs
from lr_explorer.experiments.ensemble import above_lowest
from lr_explorer.story import told

_POINTS = 10


def snapshots(result: Result, near: float) -> Picture:
    """Draw, for each arm, how often one of its first k saved points is within `near` of the lowest loss, and how often the k-th itself is."""
    curves, told_of = [], []
    for place, scenario, arm in runs(result):
        at = np.linspace(0, scenario.steps, _POINTS + 1).round().astype(int)[1:]
        good = above_lowest(scenario.surface, arm.loss[at]) < near
        best, each = np.logical_or.accumulate(good, axis=0).mean(axis=1), good.mean(axis=1)
        numbers = np.arange(1, _POINTS + 1)
        curves += [
            Curve(f"{arm.arm.name}: best so far", numbers, best, place),
            Curve(f"{arm.arm.name}: this one", numbers, each, place, is_marks=True),
        ]
        told_of.append(f"{arm.arm.name} {told(float(best[-1]))} by the best of {_POINTS}, {told(float(each[-1]))} by the last")
    said = f"{'; '.join(told_of)}.{drawn(result)}"
    return Picture("Saved points", "saved point", f"share within {near:g} of the lowest loss", said, tuple(curves))
