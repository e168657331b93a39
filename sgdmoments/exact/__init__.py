"""Exact numbers: rings, rational functions, polynomials in 1/b, certified roots; arithmetics in `backends`."""
