"""Photo bytes: inspection and storage."""
