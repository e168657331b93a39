"""Whole polynomials at explicit small dimensions, by polynomial arithmetic in components."""
