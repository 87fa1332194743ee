"""The words of answers: their plain form, cues, words of one meaning, other languages."""
