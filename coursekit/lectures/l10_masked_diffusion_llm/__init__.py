"""Extension 10: its notebook, exercises, mistakes, figures, widgets."""
