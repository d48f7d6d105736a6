"""Lines typed in Japanese and exactly what they are read as."""

import pytest

from conversations.quicklog_cases import told

LINES = [
    (
        "田中さんに電話、金曜までに騒音調査を送る",
        "log | call out | who=田中 | ours [騒音調査を送る] due Fri 2026-11-20 18:00",
    ),
    (
        "明日10時 佐藤様と打ち合わせ 風車3号機の件",
        "task | meeting | Thu 2026-11-19 10:00 | who=佐藤? | topic=風車3号機 | task=佐藤様と打ち合わせ 風車3号機の件",
    ),
    (
        "電話した、金曜までに騒音調査の結果を送る",
        "log | call | ours [騒音調査の結果を送る] due Fri 2026-11-20 18:00",
    ),
    ("先方が24日までに名簿を送る", "promise | theirs [名簿を送る] due Tue 2026-11-24 18:00"),
    ("3月まで夜間は作業しない", "promise | ours not [夜間は作業しない] due Wed 2027-03-31 18:00?"),
    ("田中さんから電話、風車3号機の件", "log | call in | who=田中 | topic=風車3号機"),
    (
        "来週金曜 午後3時 佐藤様と面談",
        "task | meeting | Fri 2026-11-27 15:00 | who=佐藤? | task=佐藤様と面談",
    ),
    ("今月末までに見積を提出します", "promise | ours [見積を提出します] due Mon 2026-11-30 18:00"),
    ("タスク: 地図を印刷 金曜まで", "task | Fri 2026-11-20 | task=地図を印刷 | text=地図を印刷"),
    ("佐藤様に手紙を送った", "log | letter out | who=佐藤?"),
    (
        "山田さんが名簿を送ってくれる 金曜までに",
        "promise | who=山田? | theirs [名簿を送ってくれる] due Fri 2026-11-20 18:00 unsure",
    ),
    ("佐藤さんからメールが来た 騒音について", "log | email in | who=佐藤? | topic=騒音"),
    ("明後日午後三時に田中と会う", "task | meeting | Fri 2026-11-20 15:00 | who=田中 | task=田中と会う"),
    ("昨日、田中さんを訪問した", "log | visit | Tue 2026-11-17 | who=田中"),
    ("令和8年12月1日 10:30 会議", "task | meeting | Tue 2026-12-01 10:30 | task=会議"),
    ("メモ: 門が開いている #道路", "log | note | #道路 | text=門が開いている"),
    ("田中さんに電話する", "task | call out? | who=田中 | task=田中さんに電話する?"),
    ("たくさんの人が心配している", "log | note? | text=たくさんの人が心配している"),
    ("今日子さんに電話", "log | call out | who=今日子?"),
    (
        "田中さんに電話して金曜までに資料を送る",
        "log | call out | who=田中 | ours [資料を送る] due Fri 2026-11-20 18:00",
    ),
    (
        "田中に11/24 15時半に電話予定",
        "task | call out | Tue 2026-11-24 15:30 | who=田中 | task=田中に 電話予定",
    ),
    ("約束: 木を切らない", "promise | ours not [木を切らない]"),
    ("当社は年度末までに道路を修繕します", "promise | ours [道路を修繕します] due Wed 2027-03-31 18:00"),
    ("3日後に鈴木様へ訪問", "task | visit out | Sat 2026-11-21 | who=鈴木? | task=鈴木様へ訪問"),
    ("一昨日 佐藤さんとチャット", "log | chat | Mon 2026-11-16 | who=佐藤?"),
    ("騒音が気になる", "log | note? | text=騒音が気になる"),
    ("田中様より手紙が届いた 11月10日", "log | letter in | Tue 2026-11-10 | who=田中"),
    ("会議 来週", "task | meeting | Fri 2026-11-27? | task=会議"),
    (
        "明日の午前中に佐藤様へメールを送る",
        "task | email out | Thu 2026-11-19 12:00? | who=佐藤? | task=佐藤様へメールを送る",
    ),
    (
        "２０２６年１２月１日（火）午後２時半 田中様と面談 ＃用地",
        "task | meeting | Tue 2026-12-01 14:30 | who=田中 | task=田中様と面談 | #用地",
    ),
]


@pytest.mark.parametrize(("line", "reading"), LINES)
def test_line_in_japanese(line: str, reading: str) -> None:
    assert told(line, "ja") == reading
