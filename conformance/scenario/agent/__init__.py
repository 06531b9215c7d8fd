"""A scenario played backward."""
