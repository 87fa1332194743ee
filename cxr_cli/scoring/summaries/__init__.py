"""Scored rows as summaries and comparisons: means, intervals, tests, tables."""
