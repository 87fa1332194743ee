"""Metrics of other people's packages, and of one's own: a text against a reference text, by `cxr score --metric`."""
