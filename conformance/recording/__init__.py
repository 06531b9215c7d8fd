"""From what passed between a client and a coordinator to a scenario that tells the same story."""
