"""Derivations: the moments of a step in terms of those of the step before, as a graph."""
