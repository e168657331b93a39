"""A run as a recursion in components: a step of the weights, moments of a sample, a batch, the start."""
