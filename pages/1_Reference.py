"""The Reference: everything that a scenario can be made of, drawn from the registries."""

from lr_explorer.ui import reference
from lr_explorer.ui.frame import open_page

open_page("Reference")
for kind in reference.chosen_kinds():
    reference.introduction(kind)
    reference.cards(kind)
