"""`--dry-run` of a training: rows, tokens and memory, without a GPU."""
