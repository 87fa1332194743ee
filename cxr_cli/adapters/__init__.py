"""The library as other tools take it: a metric of torchmetrics, a task of lm-evaluation-harness, a scorer of Inspect, a
component of spaCy. Each is one file and one extra."""
