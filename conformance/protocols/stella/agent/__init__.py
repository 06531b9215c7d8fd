"""The checks of a Stella agent."""
