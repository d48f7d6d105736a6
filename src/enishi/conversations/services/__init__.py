"""Changing conversations: one function per use case."""

from enishi.conversations.services.drafts import ParticipantDraft, parties_by_address
from enishi.conversations.services.errors import Conflict, ConversationError
from enishi.conversations.services.following import raise_talks_of
from enishi.conversations.services.interactions import (
    attach,
    change_interaction,
    delete_interaction,
    log_interaction,
    restore_interaction,
    set_answer,
)
from enishi.conversations.services.invitation_mail import ServerAway, own_file, send_invitations
from enishi.conversations.services.invitations import (
    USUAL_MINUTES,
    answer_invitation,
    call_off,
    call_off_deleted,
    invite,
    note_answer,
)
from enishi.conversations.services.line import (
    CREATE,
    Logged,
    Setting,
    Understood,
    log_line,
    said_in,
    take_back_line,
    understand,
)
from enishi.conversations.services.passages import (
    Passage,
    passage,
    projects_for,
    promise_from_passage,
    task_from_passage,
)
from enishi.conversations.services.reading import view_interaction
from enishi.conversations.services.results import (
    ResultDraft,
    Results,
    owners_for,
    proposals,
    write_down_results,
)
from enishi.conversations.services.senders import (
    create_from_sender,
    ignore_sender,
    join_sender,
    reopen_sender,
)
from enishi.conversations.services.unknown import Seen, note_unknown
from enishi.conversations.services.upkeep import part_words

__all__ = [
    "CREATE",
    "USUAL_MINUTES",
    "Conflict",
    "ConversationError",
    "Logged",
    "ParticipantDraft",
    "Passage",
    "ResultDraft",
    "Results",
    "Seen",
    "ServerAway",
    "Setting",
    "Understood",
    "answer_invitation",
    "attach",
    "call_off",
    "call_off_deleted",
    "change_interaction",
    "create_from_sender",
    "delete_interaction",
    "ignore_sender",
    "invite",
    "join_sender",
    "log_interaction",
    "log_line",
    "note_answer",
    "note_unknown",
    "own_file",
    "owners_for",
    "part_words",
    "parties_by_address",
    "passage",
    "projects_for",
    "promise_from_passage",
    "proposals",
    "raise_talks_of",
    "reopen_sender",
    "restore_interaction",
    "said_in",
    "send_invitations",
    "set_answer",
    "take_back_line",
    "task_from_passage",
    "understand",
    "view_interaction",
    "write_down_results",
]
