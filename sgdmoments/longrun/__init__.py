"""Questions about all t at a constant learning rate: closed forms, limits, thresholds, trajectories."""
