"""What theory says, in formulas with sources; nothing here simulates."""

from lr_explorer.theory.floors import batch_floor, noise_floor, stable_spread
from lr_explorer.theory.layers import best_condition, transfer_loss
from lr_explorer.theory.stability import calm_rate, curvatures, proportional_edge, steepest_axis

__all__ = [
    "batch_floor", "best_condition", "calm_rate", "curvatures", "noise_floor", "proportional_edge", "stable_spread", "steepest_axis", "transfer_loss",
]  # fmt: skip
