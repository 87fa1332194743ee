"""Rows as a trainer's data set."""
