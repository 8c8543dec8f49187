"""The Playground: tune schedules and optimizers, watch the arms run, send the link."""

import streamlit as st

from lr_explorer.ui import playground, state
from lr_explorer.ui.frame import open_page
from lr_explorer.ui.player import hasten_player

hasten_player()
open_page("Playground", has_sidebar=True)
playground.presets()
run = playground.played()
# The figure comes first in every run: what is tuned must be painted before anything else is computed.
with st.container(key="bench"):
    with st.container(key="watch"):
        playground.figure(run)
    with st.container(key="tune"):
        playground.arms(run)
    with st.container(key="tell"):
        playground.set_up()
        playground.happened(run)
        playground.downloads(run)
        playground.replicates(state.scenario())
