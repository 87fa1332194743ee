"""One file a stage: from options to rows in, rows out."""
