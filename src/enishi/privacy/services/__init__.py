"""What is done for people about whom something is kept: one function per use case."""

from enishi.privacy.services.aging import (
    empty_bins,
    retain_all,
    run_counts,
    start_run,
    work,
    work_final,
    worker_of,
)
from enishi.privacy.services.blocking import NotBlocked, blocked, lift_block
from enishi.privacy.services.erasing import (
    ErasureRefused,
    erasure_of_job,
    preview,
    run_erasure,
    start_erasure,
)
from enishi.privacy.services.exporting import (
    ExportRefused,
    export_of_job,
    forget_exports,
    run_export,
    start_export,
)
from enishi.privacy.services.holding import end_hold, set_hold
from enishi.privacy.services.retaining import (
    Look,
    RetentionRefused,
    change_rule,
    describe,
    draft_rule,
    look,
    switch_off,
    switch_on,
)

__all__ = [
    "ErasureRefused",
    "ExportRefused",
    "Look",
    "NotBlocked",
    "RetentionRefused",
    "blocked",
    "change_rule",
    "describe",
    "draft_rule",
    "empty_bins",
    "end_hold",
    "erasure_of_job",
    "export_of_job",
    "forget_exports",
    "lift_block",
    "look",
    "preview",
    "retain_all",
    "run_counts",
    "run_erasure",
    "run_export",
    "set_hold",
    "start_erasure",
    "start_export",
    "start_run",
    "switch_off",
    "switch_on",
    "work",
    "work_final",
    "worker_of",
]
