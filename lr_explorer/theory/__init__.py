"""What theory says, in formulas with sources; nothing here simulates."""

from lr_explorer.theory.floors import batch_floor, noise_floor, stable_spread
from lr_explorer.theory.layers import best_condition, transfer_loss
from lr_explorer.theory.moments import expected_losses, peak_grid, squares_at_start, tuned_gain
from lr_explorer.theory.stability import calm_rate, curvatures, proportional_edge, steepest_axis

__all__ = [
    "batch_floor", "best_condition", "calm_rate", "curvatures", "expected_losses", "noise_floor", "peak_grid", "proportional_edge",
    "squares_at_start", "stable_spread", "steepest_axis", "transfer_loss", "tuned_gain",
]  # fmt: skip
