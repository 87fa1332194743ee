"""Where rows go: one writer a file, whole or not at all, continued by `--resume`."""
