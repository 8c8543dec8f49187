"""The Playground: tune schedules and optimizers, watch the arms run, send the link."""

import streamlit as st

from lr_explorer.ui import playground, state
from lr_explorer.ui.frame import open_page

open_page("Playground", sidebar=playground.set_up)
playground.presets()
run = playground.played()
watch, tune = st.columns([2.6, 1], gap="medium")
with watch:
    playground.figure(run)
with tune:
    playground.arms()
playground.happened(run)
playground.downloads(run)
playground.replicates(state.scenario())
