"""The widgets of notebook 03."""

from coursekit.lectures.l03_flow_matching.widgets.ballot import flow_votes
from coursekit.lectures.l03_flow_matching.widgets.bears import flow_bears
from coursekit.lectures.l03_flow_matching.widgets.belief import one_belief
from coursekit.lectures.l03_flow_matching.widgets.crowd import flow_field
from coursekit.lectures.l03_flow_matching.widgets.ladder import flow_steps
from coursekit.lectures.l03_flow_matching.widgets.pairings import flow_couplings
from coursekit.widgets import outcome, predict
from coursekit.widgets.reverse import sculptor

__all__ = [
    "flow_bears",
    "flow_couplings",
    "flow_field",
    "flow_steps",
    "flow_votes",
    "one_belief",
    "outcome",
    "predict",
    "sculptor",
]
