"""The Compare page: the scenario's arms as crowds of replicates, the verdict on a pair of them, a fair fight, branches of a run, and a map."""

from lr_explorer.ui import branch_section, compare_page, escape_map
from lr_explorer.ui.frame import open_page

open_page("Compare")
compare_page.choices()
crowd = compare_page.ran()
compare_page.verdict(crowd)
compare_page.again()
compare_page.arms(crowd)
compare_page.figures(crowd)
compare_page.ends(crowd)
compare_page.tuned()
branch_section.branches()
escape_map.escape_map()
