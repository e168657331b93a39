"""Vectors times fixed matrices, in five arithmetics behind one protocol.

`base` is the protocol, `python` the readable oracle (Fractions, and ring elements), `flint` the fast exact
one, `floats` NumPy, `balls` certified enclosures; `choose` picks one by name.
"""
