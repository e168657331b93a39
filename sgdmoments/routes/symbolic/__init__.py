"""The symbolic route: networks as index graphs, dimensions and weights left as letters."""
