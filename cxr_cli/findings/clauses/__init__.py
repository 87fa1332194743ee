"""One clause of a sentence: tokens in, findings out."""
