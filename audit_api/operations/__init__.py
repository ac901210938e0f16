"""The verbs: guard, decide, write, record."""
