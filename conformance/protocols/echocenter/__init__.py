"""EchoCenter."""
