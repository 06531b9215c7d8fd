"""The checks of an EchoCenter coordinator."""
