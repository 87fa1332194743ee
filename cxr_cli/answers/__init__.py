"""What a model answered: the reply's format, option letters, prose, and whether the answer is right."""
