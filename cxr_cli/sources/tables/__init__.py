"""CSV tables of data sets: read in constant memory, found by a key."""
