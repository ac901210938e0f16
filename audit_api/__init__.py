"""Dealer audits and customer surveys held against each other."""

__version__ = "0.1.0"
