"""Steps against the report: a verdict, a reason and the evidence for each."""
