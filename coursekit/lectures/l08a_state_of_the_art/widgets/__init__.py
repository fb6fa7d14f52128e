"""The widgets of notebook 8a."""

from coursekit.lectures.l08a_state_of_the_art.widgets.patch_says import narrow_patches
from coursekit.lectures.l08a_state_of_the_art.widgets.spec_sheet import spec_sheet
from coursekit.lectures.l08a_state_of_the_art.widgets.wishes import wishes
from coursekit.widgets import outcome, predict

__all__ = ["narrow_patches", "outcome", "predict", "spec_sheet", "wishes"]
