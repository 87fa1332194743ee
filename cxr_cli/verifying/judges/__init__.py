"""The judges of steps."""
