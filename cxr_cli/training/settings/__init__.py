"""What a training is to do: its options, its settings and the trainer's arguments."""
