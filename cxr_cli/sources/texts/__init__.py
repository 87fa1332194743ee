"""Plain texts, reports or predictions: a folder of .txt files, or one text a line."""
