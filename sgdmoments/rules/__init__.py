"""The rewrites of index graphs, gradient, update, batch and expectation, and their recheck modulo a prime."""
