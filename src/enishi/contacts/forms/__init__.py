"""Input on pages about contacts."""
