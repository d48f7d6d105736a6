"""The form of a mailbox."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.core.fields import DayField, FilesField
from enishi.mailboxes.models import Mailbox
from enishi.mailboxes.queries import RIGHT
from enishi.mailboxes.services import Draft


def _latin(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false", **attributes})


class MailboxForm(forms.Form):
    name = forms.CharField(
        label=_("name"), max_length=120, help_text=_("What colleagues call it, for example: Office.")
    )
    address = forms.EmailField(
        label=_("address"),
        max_length=320,
        widget=_latin(inputmode="email"),
        help_text=_("Where people write to, or where colleagues send a blind copy."),
    )
    host = forms.CharField(
        label=_("IMAP server"), max_length=255, widget=_latin(placeholder="imap.example.org")
    )
    port = forms.IntegerField(
        label=_("port"), min_value=1, max_value=65535, initial=993, widget=_latin(inputmode="numeric")
    )
    security = forms.ChoiceField(
        label=_("encryption"), choices=Mailbox.Security.choices, initial=Mailbox.Security.TLS
    )
    username = forms.CharField(
        label=_("user"), max_length=320, widget=_latin(), help_text=_("Often the address itself.")
    )
    password = forms.CharField(
        label=_("password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
    )
    folder = forms.CharField(label=_("folder"), max_length=255, initial="INBOX", widget=_latin())
    since = DayField(label=_("mail since"), help_text=_("Mail that came before that day stays where it is."))
    smtp_host = forms.CharField(
        label=_("SMTP server"),
        max_length=255,
        required=False,
        widget=_latin(placeholder="smtp.example.org"),
        help_text=_(
            "Colleagues then answer e-mails from their pages. The user and the password are the same."
        ),
    )
    smtp_port = forms.IntegerField(
        label=_("port of the SMTP server"),
        min_value=1,
        max_value=65535,
        initial=587,
        widget=_latin(inputmode="numeric"),
    )
    smtp_security = forms.ChoiceField(
        label=_("encryption of the SMTP server"),
        choices=Mailbox.Security.choices,
        initial=Mailbox.Security.STARTTLS,
    )
    project = forms.TypedChoiceField(label=_("project"), coerce=int)
    confidentiality = forms.TypedChoiceField(
        label=_("confidentiality"),
        coerce=int,
        help_text=_("Who may not read such records finds no trace of this mail."),
    )

    def __init__(self, actor: Actor, *args: Any, has_password: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {project.pk: project for project in accounts.projects(actor)}
        tree = accounts.project_tree(self.known.values())
        self._offer("project", [(p.pk, "\u2007" * 2 * depth + p.name) for depth, p in tree])
        most = actor.clearance(RIGHT, self.known)
        self._offer("confidentiality", [(value, label) for value, label in Level.choices if value <= most])
        if has_password:
            self.fields["password"].required = False
            self.fields["password"].help_text = _("A password is kept. Leave this empty to go on using it.")

    def _offer(self, name: str, choices: list[tuple[int, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def draft(self) -> Draft:
        given = dict(self.cleaned_data)
        return Draft(**{**given, "project": self.known[given["project"]]})


class ReplyForm(forms.Form):
    mailbox = forms.TypedChoiceField(label=_("from"), coerce=int)
    to = forms.CharField(label=_("to"), max_length=5000, widget=_latin(inputmode="email"))
    cc = forms.CharField(
        label=_("copy"),
        max_length=5000,
        required=False,
        widget=_latin(inputmode="email"),
        help_text=_("Several addresses are separated by commas."),
    )
    subject = forms.CharField(
        label=_("subject"), max_length=200, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    text = forms.CharField(
        label=_("text"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto", "data-grow": ""}),
    )
    uploads = FilesField(label=_("Files"), required=False)

    def __init__(self, ways: list[Mailbox], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["mailbox"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            # Isolated, or in Persian its brackets would stand at the wrong ends.
            (box.pk, f"\u2068{box.name}\u2069 \u2066<{box.address}>\u2069")
            for box in ways
        ]

    def addresses(self, name: str) -> list[str]:
        return [one for one in re.split(r"[,;\s]+", self.cleaned_data[name]) if one]
