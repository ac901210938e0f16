"""Foreign files into rows."""
