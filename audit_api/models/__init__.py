"""What is kept. Importing this package registers every document: indexes exist only for imported ones."""

from audit_api.models import directory, trail

__all__ = ["DOCUMENTS", "directory", "trail"]

DOCUMENTS = ("Dealer", "Person", "TrailEntry")
"""Names of the documents whose indexes are built at start."""
