"""Lecture 1: its notebook, exercises, mistakes, experiments and widgets."""
