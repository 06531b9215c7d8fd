"""Architect: the checks of both sides."""
