"""The job that sends."""

from __future__ import annotations

from enishi.themes.services import sending
from enishi.themes.services.answers import AnswerPost
from enishi.themes.services.replies import ReplyPost


def send_due() -> None:
    """Send what is due of every kind."""
    sending.send_due([ReplyPost(), AnswerPost()])
