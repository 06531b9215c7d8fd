"""Scenarios run against a coordinator, and asked of an agent."""
