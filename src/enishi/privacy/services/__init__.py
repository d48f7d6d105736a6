"""What is done for people about whom something is kept: one function per use case."""

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

__all__ = [
    "ErasureRefused",
    "ExportRefused",
    "NotBlocked",
    "blocked",
    "end_hold",
    "erasure_of_job",
    "export_of_job",
    "forget_exports",
    "lift_block",
    "preview",
    "run_erasure",
    "run_export",
    "set_hold",
    "start_erasure",
    "start_export",
]
