"""Optimizers; a new file here is discovered by itself."""

from lr_explorer.optimizers.base import OPTIMIZERS, Optimizer
from lr_explorer.registry import discover

__all__ = ["LEFT_OUT", "OPTIMIZERS", "Optimizer"]

# Why some well-known ones are not here; the Reference says it.
LEFT_OUT = (
    "Not here are optimizers of which two single weights leave nothing: LARS and LAMB rescale a layer's update to the length of its weights, which "
    "for a layer of one weight x is a step of η·|x| by the sign alone; Muon makes the update matrix of a layer orthogonal, which of one weight "
    "leaves its sign too; Adafactor factors the mean squares of a weight matrix, and without one it is RMSprop whose steps are "
    "clipped and scaled by |x|."
)

discover(__name__)
