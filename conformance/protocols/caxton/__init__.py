"""Caxton: what coordinators and clients are held to."""
