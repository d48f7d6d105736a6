"""Who is meant by the addresses in mails: colleagues, contacts, nobody yet."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from enishi.accounts import queries as accounts
from enishi.contacts.models import ContactPoint, Party
from enishi.conversations.models import Interaction
from enishi.conversations.services.mail_import.mails import Mail, Named
from enishi.core import names, normalise, registry

ALIKE = 0.8
"""From here on a name on a mail says which of several contacts with one address is meant."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact with the address; ``level`` is how confidential they are."""

    party_id: int
    names: tuple[str, ...]
    level: int
    valid_until: dt.date | None


OURS = "mail.ours"
"""Apps that know further addresses of ours answer here."""


class Us:
    """Our own addresses: those of the users, of everybody else in their domains, and of our mailboxes."""

    def __init__(self) -> None:
        users = accounts.users(active=None).values_list("email", "pk")
        self.users = {email.lower(): pk for email, pk in users}
        self.addresses = {address for tell in registry.providers(OURS).values() for address in tell()}
        domains = {email.rpartition("@")[2] for email in self.users}
        self.domains = {domain for domain in domains if domain and not normalise.is_provider(domain)}

    def includes(self, address: str) -> bool:
        return (
            address in self.users or address in self.addresses or address.rpartition("@")[2] in self.domains
        )

    def direction(self, mail: Mail) -> str:
        sender = mail.sender
        # What somebody else wrote in a colleague's name is nothing that we said.
        if sender is None or mail.refuted or not self.includes(sender.address):
            return Interaction.Direction.IN
        among_us = mail.recipients and all(self.includes(address) for address in mail.recipients)
        return Interaction.Direction.BOTH if among_us else Interaction.Direction.OUT


class Contacts:
    """The contacts behind a set of addresses, looked up at once, among all that the installation knows."""

    def __init__(self, addresses: Collection[str]) -> None:
        self.by_key: defaultdict[str, list[Contact]] = defaultdict(list)
        points = (
            ContactPoint.objects.filter(
                key__in={key_of(address) for address in addresses},
                kind=ContactPoint.Kind.EMAIL,
                party__in=Party.objects.unscoped(
                    "a mail belongs to whom it is from, whoever imports it"
                ).present(),
            )
            .exclude(status=ContactPoint.Status.WRONG)
            .order_by("party_id", "pk")
            .values_list(
                "key", "party_id", "party__full_name", "party__names", "party__confidentiality", "valid_until"
            )
        )
        for key, party_id, full_name, further, level, valid_until in points:
            spelled = (full_name, *filter(None, (each.get("full") for each in further.values())))
            self.by_key[key].append(Contact(party_id, spelled, level, valid_until))

    def find(self, person: Named, *, at: dt.datetime) -> Contact | None:
        """Whose address that was then; of several the one with that name, else the oldest."""
        found = [
            contact
            for contact in self.by_key.get(key_of(person.address), ())
            if contact.valid_until is None or contact.valid_until >= at.date()
        ]
        if len(found) > 1 and person.name:
            likeness = [max(names.similar(person.name, name) for name in contact.names) for contact in found]
            best = max(likeness)
            if best >= ALIKE:
                return found[likeness.index(best)]
        return found[0] if found else None


def key_of(address: str) -> str:
    """An address as contacts keep it to be found: a domain in another script as DNS writes it."""
    if address.isascii():
        return address
    try:
        return normalise.email(address).value.lower()
    except normalise.Unusable:
        return address
