"""Studies become cases: questions, their answers, and the steps that lead there."""
