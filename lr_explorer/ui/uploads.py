"""Files of a user's own: they stay in the session, and a link that names one asks whoever opens it for the file."""

from collections import Counter

import streamlit as st

from lr_explorer.params import Upload
from lr_explorer.ui import state
from lr_explorer.ui.text import literal

_FILE_TYPES = ["csv", "txt", "tsv", "npz"]


def show_upload(key: str, param: Upload, chosen: str, widget: str) -> None:
    """Show what is at hand for link key `key` as a menu, and below it where to drop a file."""
    labels = _labels(param)
    st.session_state[widget] = chosen
    st.selectbox(
        param.label,
        list(labels),
        format_func=labels.__getitem__,
        key=widget,
        on_change=lambda: state.edit({key: st.session_state[widget]}),
        help=param.help,
    )
    asked = state.asked_for(key)
    if asked:
        st.warning(
            f"The link that you opened shows a file of its sender's own, {literal(asked)}. Drop the same file here to see it; "
            "the rest of the link is in place.",
            icon=":material/upload_file:",
        )
    dropped = st.file_uploader(
        f"{param.label}: a file of your own", type=_FILE_TYPES, key=f"{widget}-file", on_change=lambda: _receive(key, param, widget)
    )
    if dropped is not None and (refusal := st.session_state.get(f"{widget}-refusal")):
        st.warning(literal(refusal), icon=":material/warning:")


def _labels(param: Upload) -> dict[str, str]:
    """Return what is at hand by name and label; two files may have one name, but a menu tells its options apart by their texts alone."""
    labels = {name: thing.label for name, thing in param.known().items()}
    several = [label for label, count in Counter(labels.values()).items() if count > 1]
    return {name: f"{label} ({name[-4:]})" if label in several else label for name, label in labels.items()}


def _receive(key: str, param: Upload, widget: str) -> None:
    """Read the dropped file, keep it in the session and choose it; what is refused changes nothing."""
    st.session_state.pop(f"{widget}-refusal", None)
    dropped = st.session_state[f"{widget}-file"]
    if dropped is None:
        return
    try:
        found = param.read(dropped.getvalue(), dropped.name)
    except ValueError as refused:
        st.session_state[f"{widget}-refusal"] = f"{dropped.name} was not used: {refused}."
        return
    asked = state.asked_for(key)
    state.keep_upload(found)
    state.edit({key: found.name})
    if asked and found.name != asked:
        st.session_state[f"{widget}-refusal"] = (
            f"{dropped.name} is shown, but it is not the file of the link: that one is {asked}, this one {found.name}."
        )
