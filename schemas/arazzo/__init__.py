"""Scenarios: Arazzo 1.1 documents, read, checked, and understood."""
