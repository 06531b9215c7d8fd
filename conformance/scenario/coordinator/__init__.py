"""A scenario played forward."""
