"""Assay's front door: the only package of ours that other people's processes load.

The rooms (`schemas`, `mockserver`, `conformance`, `reports`) have names that are common enough to
collide with a user's own. They are imported in processes that Assay starts, behind this package.
"""

__all__: list[str] = []
