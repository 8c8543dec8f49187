"""Experiments: ensembles, what is measured on them, and presets worth a look."""
