"""The Playground: tune schedules and optimizers, watch the arms run, send the link."""

import streamlit as st

from lr_explorer.ui.player import hasten_player

# First of all, so that a new session's browser fetches the player's scripts while the rest is still being imported.
hasten_player()

from lr_explorer.ui import playground, state  # noqa: E402
from lr_explorer.ui.frame import open_page  # noqa: E402

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
