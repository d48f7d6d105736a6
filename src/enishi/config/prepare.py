"""What `enishi serve` does before anybody is served: migrate, gather static files, and write the
demo's story on the first start.

Runs as a process of its own, so that the supervisor stays small, and prints the demo's accounts as JSON. With ``--database`` it
sees to the database alone: `make run` does that beside the building of the pages.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import django
from django.core.management import call_command

from enishi.config import env


def main(arguments: Sequence[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.config.settings")
    # Migrations draw ten thousand classes in a process that ends soon: a quarter of its time went into counting them.
    gc.set_threshold(50_000, 1000, 1000)
    with redirect_stdout(sys.stderr):
        django.setup()
        from enishi.accounts.services import renew_administrator_role
        from enishi.config import static

        call_command("migrate", interactive=False, verbosity=0)
        renew_administrator_role()
        if "--database" not in arguments:
            static.publish(env.read().static_dir)
        accounts = _demo_accounts()
    if "--database" not in arguments:
        sys.stdout.write(json.dumps(accounts))
    return 0


def _demo_accounts() -> list[tuple[str, str, str]]:
    """Create the demo when it is wanted and nobody has an account; return who of its people can sign in."""
    if not env.read().demo:
        return []
    from enishi.accounts.models import User
    from enishi.config.demo import accounts, create

    if not User.objects.exists():
        sys.stderr.write("Writing the demo's story; this happens once ...\n")
        create()
    present = set(User.objects.filter(is_active=True).values_list("email", flat=True))
    return [account for account in accounts() if account[0] in present]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
