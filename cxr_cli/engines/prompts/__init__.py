"""Prompts, JSON schemas for replies, and the check of the replies."""
