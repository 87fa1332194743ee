"""The judges of reasoning."""
