"""One file for each indicator about auditors."""
