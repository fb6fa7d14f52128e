"""The widgets of notebook 8a."""

from coursekit.lectures.l08a_state_of_the_art.widgets.wishes import wishes
from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict", "wishes"]
from coursekit.lectures.l08a_state_of_the_art.widgets.spec_sheet import spec_sheet

__all__ = ["outcome", "predict", "spec_sheet"]
