"""Rules as pure functions on frozen dataclasses."""
