"""What a file is found by: its name, what was noted about it, and the words in its newest version."""

from __future__ import annotations

from collections.abc import Iterable

from enishi.content.models import File, FileVersion
from enishi.search.models import Kind
from enishi.search.services import Findable, index


def index_files(file_ids: Iterable[int]) -> None:
    """Bring the search documents of these files up to date, set-wise."""
    files = list(
        File.objects.unscoped("the index follows the record").filter(
            pk__in=list(file_ids), deleted_at__isnull=True
        )
    )
    newest = FileVersion.objects.filter(file__in=files).order_by("file_id", "-number").distinct("file_id")
    texts = dict(newest.values_list("file_id", "text"))
    index(
        Findable(
            kind=Kind.FILE,
            subject_id=file.pk,
            title=file.name,
            detail=file.description or file.folder,
            words=[file.name, file.description, file.folder],
            body=texts.get(file.pk, ""),
            project_ids=[file.project_id],
            confidentiality=file.confidentiality,
        )
        for file in files
    )
