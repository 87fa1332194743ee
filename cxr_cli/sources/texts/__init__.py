"""Reports and replies as plain texts: a folder of .txt files, or a text a line."""
