"""The Reference: every surface, schedule and optimizer, drawn from the registries."""

from lr_explorer.ui.frame import open_page

open_page("Reference")
