"""AITBC: the checks of both sides."""
