"""Putting mails into threads, in whatever order they come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from django.db import connection
from django.db.models import Q

from enishi.conversations.mail.threads import SUBJECT_WINDOW, Group, ThreadIndex, ThreadMessage
from enishi.conversations.models import Interaction, MailMessage, Thread, ThreadIdentifier
from enishi.conversations.services.mail_import.mails import Mail


@dataclass(frozen=True)
class _Tied:
    """Mails, by number, that belong together with these stored threads."""

    numbers: list[int]
    threads: list[int]
    identifiers: set[str]

    @classmethod
    def of(cls, group: Group) -> _Tied:
        return cls(cast(list[int], group.messages), cast(list[int], group.threads), group.identifiers)


def assign(mails: Sequence[Mail]) -> list[int]:
    """The thread of each mail. Makes new ones, lets late parents join, and merges threads that turn out to be one."""
    if not mails:
        return []
    index = ThreadIndex(
        find_threads=_by_identifier, find_by_subject=lambda subjects: _by_subject(subjects, mails)
    )
    groups = [
        _Tied.of(group) for group in index.assign([_message(*numbered) for numbered in enumerate(mails)])
    ]
    threads = _threads_for(groups, mails)
    _keep_identifiers(groups, threads)
    found = {
        number: thread.pk for group, thread in zip(groups, threads, strict=True) for number in group.numbers
    }
    return [found[number] for number in range(len(mails))]


def _message(number: int, mail: Mail) -> ThreadMessage:
    return ThreadMessage(
        key=number,
        message_id=mail.message_id,
        references=mail.tied_to,
        subject=mail.subject,
        sender=mail.sender.address if mail.sender else "",
        recipients=mail.recipients,
        date=mail.moment,
        list_id=mail.list_id,
    )


def _by_identifier(identifiers: Collection[str]) -> Mapping[str, int]:
    return dict(
        ThreadIdentifier.objects.filter(identifier__in=identifiers).values_list("identifier", "thread_id")
    )


def _by_subject(subjects: Collection[str], mails: Sequence[Mail]) -> Iterable[ThreadMessage]:
    """Stored mails that a parentless reply may join: all of a subject for a new reply, else the waiting replies."""
    sought = {mail.subject_key for mail in mails if mail.seeks_by_subject}
    moments = [mail.moment for mail in mails]
    rows = MailMessage.objects.filter(
        Q(subject_key__in=sought) | Q(seeks_by_subject=True),
        subject_key__in=subjects,
        sent_at__range=(min(moments) - SUBJECT_WINDOW, max(moments) + SUBJECT_WINDOW),
        interaction__thread__isnull=False,
    ).values_list(
        "pk", "message_id", "subject_key", "seeks_by_subject", "sender", "recipients", "sent_at", "list_id",
        "interaction__thread_id",
    )  # fmt: skip
    for pk, message_id, subject, seeks, sender, recipients, sent_at, list_id, thread_id in rows:
        yield ThreadMessage(
            key=("stored", pk),
            message_id=message_id,
            # What makes it a reply in search of its thread is kept as a flag, not as the words of the subject.
            references=() if seeks else (message_id,),
            subject=f"Re: {subject}" if seeks else subject,
            sender=sender,
            recipients=frozenset(recipients),
            date=sent_at,
            list_id=list_id,
            thread=thread_id,
        )


def _threads_for(groups: Sequence[_Tied], mails: Sequence[Mail]) -> list[Thread]:
    """One thread for each group, with the span of its messages."""
    known = Thread.objects.in_bulk([thread for group in groups for thread in group.threads])
    threads: list[Thread] = []
    for group in groups:
        joined = [known[thread] for thread in group.threads]
        own = sorted((mails[number] for number in group.numbers), key=lambda mail: mail.moment)
        thread = joined[0] if joined else Thread(subject_key=own[0].subject_key[:300])
        moments = [mail.moment for mail in own]
        moments += [moment for each in joined for moment in (each.first_at, each.last_at) if moment]
        thread.first_at, thread.last_at = min(moments), max(moments)
        threads.append(thread)
    there = [thread for thread in threads if thread.pk is not None]
    Thread.objects.bulk_create([thread for thread in threads if thread.pk is None], batch_size=1000)
    Thread.objects.bulk_update(there, ["first_at", "last_at"], batch_size=1000)
    merge(
        {
            other: thread.pk
            for group, thread in zip(groups, threads, strict=True)
            for other in group.threads[1:]
        }
    )
    return threads


def merge(into: Mapping[int, int]) -> None:
    """Let threads go up in others: their messages and identifiers move."""
    if not into:
        return
    pairs = [list(into), list(into.values())]
    with connection.cursor() as cursor:
        for table in (Interaction._meta.db_table, ThreadIdentifier._meta.db_table):
            cursor.execute(
                f"""UPDATE {table} moved SET thread_id = pair.kept
                    FROM unnest(%s::bigint[], %s::bigint[]) pair(gone, kept)
                    WHERE moved.thread_id = pair.gone""",  # noqa: S608 - names of tables, from code
                pairs,
            )
    Thread.objects.filter(pk__in=into).delete()


def _keep_identifiers(groups: Sequence[_Tied], threads: Sequence[Thread]) -> None:
    ThreadIdentifier.objects.bulk_create(
        [
            ThreadIdentifier(identifier=identifier, thread=thread)
            for group, thread in zip(groups, threads, strict=True)
            for identifier in sorted(group.identifiers)
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
