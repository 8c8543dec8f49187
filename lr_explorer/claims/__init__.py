"""The claims about reducing the learning rate, each as experiments that can fail; one file a claim."""

from collections.abc import Mapping

from lr_explorer.claims import e1, e2, e3, e4, e5, e6, m1, m2, m3, m4, m5
from lr_explorer.claims.base import Claim, Experiment, Kind, Knob, Result, Theory
from lr_explorer.claims.e6 import MatrixExperiment
from lr_explorer.claims.pictures import Curve, Map, Picture

_ALL = m1.CLAIM, m2.CLAIM, m3.CLAIM, m4.CLAIM, m5.CLAIM, e1.CLAIM, e2.CLAIM, e3.CLAIM, e4.CLAIM, e5.CLAIM, e6.CLAIM

CLAIMS: Mapping[str, Claim] = {claim.id: claim for claim in _ALL}

__all__ = ["CLAIMS", "Claim", "Curve", "Experiment", "Kind", "Knob", "Map", "MatrixExperiment", "Picture", "Result", "Theory"]
