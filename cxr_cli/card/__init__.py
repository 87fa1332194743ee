"""The data card of a set of cases: what is in it, a plot of it, and whether its splits leak into each other."""
