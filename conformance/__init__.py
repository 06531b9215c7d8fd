"""Did the peer keep its word? The suite, its judges and clients, and the command line."""

__all__: list[str] = []  # light on purpose: every command imports this
