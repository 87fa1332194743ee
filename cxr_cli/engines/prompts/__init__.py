"""Prompts, JSON schemas for replies, the check of the replies; and a case to a model."""
