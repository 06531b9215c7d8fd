"""Stella, the agent APIs of a release orchestrator."""
