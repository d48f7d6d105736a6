from enishi.core.errors import Refusal


class MailboxError(Refusal):
    """What was asked for cannot be done; ``field`` names the part of the form that it is about."""
