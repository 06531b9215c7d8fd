"""Is this coordinator Caxton?"""
