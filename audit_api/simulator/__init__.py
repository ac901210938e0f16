"""Honest and gamed worlds for demo data and policy dry runs."""
