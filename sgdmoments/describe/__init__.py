"""What a run is: model, law, batches, rates, initial weights, quantities; frozen, with no computation."""
