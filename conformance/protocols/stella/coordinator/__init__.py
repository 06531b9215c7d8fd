"""The checks of a Stella coordinator."""
