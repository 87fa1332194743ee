"""The rows of a training: read from files, stored on disk, given to the trainer as examples, counted in tokens."""
