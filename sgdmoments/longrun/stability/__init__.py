"""Constant learning rates in the long run: when the second moments converge, and to what.

`pencil` reads the matrices of one step on covariances off the closure operator, restricted to the span of the
data; `threshold` finds the learning rate at which they stop contracting; `stationary` the limit below it.
"""
