"""Rows as a trainer's data set: read, stored, made into examples."""
