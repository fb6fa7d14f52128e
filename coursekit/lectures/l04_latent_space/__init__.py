"""Lecture 4: its notebook, exercises, mistakes, experiments and widgets."""
