"""What a training leaves behind: its history, evaluations and curves."""
