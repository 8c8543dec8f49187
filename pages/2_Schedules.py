"""The Schedules page: every schedule, the arm's own over others, in training units, out of a configuration, into code."""

from lr_explorer.ui import schedules_page
from lr_explorer.ui.frame import open_page

open_page("Schedules")
schedules_page.bench()
schedules_page.section()
