"""Reading contacts."""

from enishi.contacts.queries.parties import party, party_or_none, reaches, recycle_bin

__all__ = ["party", "party_or_none", "reaches", "recycle_bin"]
