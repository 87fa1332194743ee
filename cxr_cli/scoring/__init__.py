"""Scores for what models say: answers, reasoning, their intervals and their summary."""
