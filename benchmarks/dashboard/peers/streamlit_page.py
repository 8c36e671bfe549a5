"""The overview page in Streamlit: shared data, and the page as a fragment, so that a click reruns only it."""

from __future__ import annotations

import streamlit as st

from benchmarks.dashboard.peers import overview

st.set_page_config(layout="wide")
data = st.cache_resource(overview.data)()


@st.fragment
def page() -> None:
    slicers = dict(zip(("loyalty_status", "activity", "from", "to"), st.columns(4), strict=True))
    chosen = {
        name: slicers.get(name, st).pills(label, data.choices.members[name], selection_mode="multi", key=name)
        for name, label in overview.LABELS.items()
    }
    first, last = (
        slicers[end].selectbox(f"Join Month {end}", data.choices.months, index=None, key=end)
        for end in ("from", "to")
    )
    cards, figures = overview.page(data, overview.query(chosen, first, last))
    for column, card in zip(st.columns(4), cards, strict=True):
        key = "total" if card.name == "total_customers" else card.name
        column.container(key=key).metric(overview.TITLES[card.name], card.value, f"{card.change:,}")
    for names in overview.ROWS:
        for column, name in zip(st.columns(2), names, strict=True):
            column.markdown(f"**{overview.TITLES[name]}**")
            column.plotly_chart(figures[name], key=f"chart-{name}", config={"displayModeBar": False})


page()
