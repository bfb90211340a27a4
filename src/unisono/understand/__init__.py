"""Request to Features."""
