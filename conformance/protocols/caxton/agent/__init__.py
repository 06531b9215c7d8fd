"""Is this client one of Caxton?"""
