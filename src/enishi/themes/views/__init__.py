"""Pages of themes and marks."""
