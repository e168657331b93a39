"""The model's own `predict`, run in other arithmetics than numbers: on index graphs, and on counts of them."""
