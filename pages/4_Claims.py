"""The claims lab: every claim about lowering the learning rate as experiments that can fail."""

from lr_explorer.ui import claims_page
from lr_explorer.ui.frame import open_page

open_page("Claims")
claims_page.choice()
claims_page.overview()
claims_page.card()
