"""Extension 9: its notebook, exercises, mistakes, figures, widgets."""
