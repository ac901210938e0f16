"""One indicator a file; indicators never import each other."""
