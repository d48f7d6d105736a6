"""Outgoing webhooks: what happens, told to other programs, signed and in order."""
