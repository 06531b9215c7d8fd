"""Scenarios that ship: played in both directions, and each seen to catch what it is for."""
