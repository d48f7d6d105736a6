"""Pages about contacts, for staff."""
