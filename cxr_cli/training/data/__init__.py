"""The rows of a training: stored on disk, given to the trainer as examples, counted in tokens."""
