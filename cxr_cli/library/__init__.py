"""What the commands do, as functions: rows are dicts, in and out. `import cxr_cli` gives their names."""
