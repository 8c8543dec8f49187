"""The Playground: tune schedules and optimizers, watch the arms run, send the link."""

import streamlit as st

from lr_explorer.ui import playground, state
from lr_explorer.ui.frame import open_page

open_page("Playground", has_sidebar=True)
playground.presets()
run = playground.played()
watch, tune = st.columns([2.6, 1], gap="medium")
# The figure comes first in every run: what is tuned must be painted before anything else is computed.
with watch:
    playground.figure(run)
with tune:
    playground.arms()
playground.set_up()
with watch:
    playground.happened(run)
    playground.downloads(run)
    playground.replicates(state.scenario())
