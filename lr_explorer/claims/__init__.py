"""The claims about reducing the learning rate, each as experiments that can fail; one file a claim."""

from collections.abc import Mapping

from lr_explorer.claims import m1, m2, m3, m4
from lr_explorer.claims.base import Claim, Experiment, Kind, Knob, Result, Theory
from lr_explorer.claims.pictures import Curve, Map, Picture

CLAIMS: Mapping[str, Claim] = {claim.id: claim for claim in (m1.CLAIM, m2.CLAIM, m3.CLAIM, m4.CLAIM)}

__all__ = ["CLAIMS", "Claim", "Curve", "Experiment", "Kind", "Knob", "Map", "Picture", "Result", "Theory"]
