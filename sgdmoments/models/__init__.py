"""The models of the package, each a description like a user's own."""
