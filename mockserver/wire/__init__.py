"""Thin shells around the pure core: bytes in, bytes out, and nothing decided here."""
