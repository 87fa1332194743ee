"""What a training logs: its history, evaluations and curves, and what libraries may log."""
