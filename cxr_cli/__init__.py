"""A command-line toolbox for chest X-ray reasoning models."""
