"""Scenarios in motion: the flow that both directions share, and the script of a mock."""
