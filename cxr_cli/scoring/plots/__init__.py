"""Scores as plots, PNG and SVG."""
