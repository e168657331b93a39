"""The recurrence in t of the second moments of networks, and where it stops contracting."""
