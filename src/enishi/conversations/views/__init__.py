"""Staff pages of the conversations."""
