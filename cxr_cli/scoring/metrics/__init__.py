"""The formulas of the metrics, which are those of the rewards too."""
