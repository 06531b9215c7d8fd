"""Lawful peers are broken in one way at a time: what of it does the suite see?"""
