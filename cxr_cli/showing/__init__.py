"""Rows for a person to look at, and to mark: `cxr view`."""
