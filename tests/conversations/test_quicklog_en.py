"""Lines typed in English and exactly what they are read as."""

import pytest

from conversations.quicklog_cases import told

LINES = [
    (
        "called, we will send the noise survey by Fri",
        "log | call out | ours [send the noise survey] due Fri 2026-11-20 18:00",
    ),
    (
        "call Tanaka tomorrow 10:00 about turbine 3",
        "task | call out | Thu 2026-11-19 10:00 | who=Tanaka | topic=turbine 3 | task=call Tanaka about turbine 3",
    ),
    ("task: print the maps by Friday", "task | Fri 2026-11-20 | task=print the maps | text=print the maps"),
    ("they will send the list by 24 Nov", "promise | theirs [send the list] due Tue 2026-11-24 18:00"),
    ("we will not work at night until March", "promise | ours not [work at night] due Mon 2027-03-01 18:00?"),
    ("called Mr. March about the roof", "log | call out | who=March? | topic=the roof"),
    (
        "met May Sato yesterday at 3pm with Jan Novak, #noise +windfarm",
        "log | meeting | Tue 2026-11-17 15:00 | who=May Sato? | who=Jan Novak? | #noise | +windfarm",
    ),
    (
        "Tanaka called, he will bring the deed by end of month",
        "log | call in | who=Tanaka | theirs [bring the deed] due Mon 2026-11-30 18:00",
    ),
    (
        "meeting with Tanaka and Sato next Friday 9am re access road",
        "task | meeting | Fri 2026-11-27 09:00? | who=Tanaka | who=Sato? | topic=access road | task=meeting with Tanaka and Sato re access road",
    ),
    ("by 5pm we'll reply", "promise | ours [reply] due Wed 2026-11-18 17:00"),
    ("call tanaka", "task | call out? | who=tanaka | task=call tanaka?"),
    ("the noise is bad near the school", "log | note? | text=the noise is bad near the school"),
    ("letter from Mayor Bell about the survey", "log | letter in | who=Bell? | topic=the survey"),
    ("called the office, report by Friday", "log | call out | text=the office, report by Friday"),
    (
        "by Friday Tanaka will send the deed",
        "promise | who=Tanaka | theirs [send the deed] due Fri 2026-11-20 18:00",
    ),
    (
        "visited Sato on 3 November re: culvert, they promised to fix it within 2 weeks",
        "log | visit out | Tue 2026-11-03 | who=Sato? | topic=culvert | theirs [fix it] due Wed 2026-12-02 18:00",
    ),
    ("Sunday Okafor called about dust", "log | call in | who=Sunday Okafor? | topic=dust"),
    ("call Sato Monday 9:30", "task | call out | Mon 2026-11-23 09:30 | who=Sato? | task=call Sato"),
    ("called Sato Monday", "log | call out | Mon 2026-11-16 | who=Sato?"),
    ("got a call from Mayor Bell this morning", "log | call in | Wed 2026-11-18 09:00? | who=Bell?"),
    (
        "email Tanaka by Friday about the permit",
        "task | email out | Fri 2026-11-20 | who=Tanaka | topic=the permit | task=email Tanaka about the permit",
    ),
    ("note: gate is open #access @north", "log | note | #access | +north | text=gate is open"),
    (
        "emailed Tanaka 2 days ago, we won't cut the oak",
        "log | email out | Mon 2026-11-16 | who=Tanaka | ours not [cut the oak]",
    ),
    (
        "meet Sato on 2026-12-01 at 15:00",
        "task | meeting | Tue 2026-12-01 15:00 | who=Sato? | task=meet Sato",
    ),
    ("called Tanaka tomorrow", "log | call out | Thu 2026-11-19? | who=Tanaka"),
    (
        "we will send the maps by Fri and they will sign by 1 Dec",
        "promise | ours [send the maps] due Fri 2026-11-20 18:00 | theirs [sign] due Tue 2026-12-01 18:00",
    ),
    ("todo: order signs in 2 weeks", "task | Wed 2026-12-02 | task=order signs | text=order signs"),
    ("I called Tanaka at 11:15", "log | call out | Wed 2026-11-18 11:15 | who=Tanaka"),
    ("call Tanaka by end of March", "task | call out | Wed 2027-03-31 | who=Tanaka | task=call Tanaka"),
    ("promise: repair the fence by Mon", "promise | ours [repair the fence] due Mon 2026-11-23 18:00"),
    ("we will meet Tanaka at the site", "promise | ours [meet Tanaka at the site]"),
    ("noon meeting with Sato today", "log | meeting | Wed 2026-11-18 12:00 | who=Sato?"),
    (
        "visit Tanaka the day after tomorrow at 4",
        "task | visit out | Fri 2026-11-20 16:00? | who=Tanaka | task=visit Tanaka",
    ),
    (
        "Tanaka will send the deed on Monday",
        "promise | who=Tanaka | theirs [send the deed] due Mon 2026-11-23 18:00",
    ),
    (
        "met Tanaka last Tuesday 10am and we agreed to lower the fence by 1 March 2027",
        "log | meeting | Tue 2026-11-17 10:00 | who=Tanaka | ours [lower the fence] due Mon 2027-03-01 18:00",
    ),
    ("sent a letter to Dr. Bell re: permit", "log | letter out | who=Bell? | topic=permit"),
    ("task: call Tanaka tomorrow", "task | call out | Thu 2026-11-19 | who=Tanaka | task=call Tanaka"),
    ("Tanaka is worried about shadow flicker", "log | note? | text=Tanaka is worried about shadow flicker"),
    ("met them in March 2026 about 3 trees", "log | meeting | Tue 2026-03-31? | topic=3 trees | text=them"),
    ("call Tanaka at 3", "task | call out | Wed 2026-11-18 15:00? | who=Tanaka | task=call Tanaka"),
]


@pytest.mark.parametrize(("line", "reading"), LINES)
def test_line_in_english(line: str, reading: str) -> None:
    assert told(line, "en") == reading
