"""What crosses the wire; one output schema per kind of reader."""
