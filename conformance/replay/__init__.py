"""A finding said again: what led to it, sent anew, and judged by the same rows."""
