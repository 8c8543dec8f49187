"""What theory says, in formulas with sources; nothing here simulates."""

from lr_explorer.theory.adaptive import adagrad_rates, periodic_drift
from lr_explorer.theory.batches import batch_decay, batch_edge, batch_floor, batch_losses
from lr_explorer.theory.closure import normal_losses
from lr_explorer.theory.escape import crossed_share, escape_rate, saddle_time, temperature
from lr_explorer.theory.floors import adaptive_floor, noise_floor, sign_floor, stable_slope, stable_spread
from lr_explorer.theory.layers import best_condition, transfer_flip, transfer_loss
from lr_explorer.theory.moments import expected_losses, peak_grid, squares_at_start, tuned_gain
from lr_explorer.theory.paths import plateau_time
from lr_explorer.theory.selection import selection_bound
from lr_explorer.theory.stability import (
    almost_sure_edge,
    calm_rate,
    catapult_rates,
    curvatures,
    edge_curvature,
    growth_exponent,
    mean_gradient_limit,
    proportional_edge,
    quartic_edge,
    stable_rate,
    steepest_axis,
)

__all__ = [
    "adagrad_rates", "adaptive_floor", "almost_sure_edge", "batch_decay", "batch_edge", "batch_floor", "batch_losses", "best_condition",
    "calm_rate", "catapult_rates", "crossed_share", "curvatures", "edge_curvature", "escape_rate",
    "expected_losses", "growth_exponent", "mean_gradient_limit", "noise_floor", "normal_losses", "peak_grid", "periodic_drift",
    "plateau_time", "proportional_edge", "quartic_edge", "saddle_time", "selection_bound", "sign_floor", "squares_at_start",
    "stable_rate", "stable_slope", "stable_spread", "steepest_axis", "temperature", "transfer_flip", "transfer_loss", "tuned_gain",
]  # fmt: skip
