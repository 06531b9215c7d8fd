"""Cases that nobody wrote down: generated, sent within a budget of time, shrunk where they find."""
