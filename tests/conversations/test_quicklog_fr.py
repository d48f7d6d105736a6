"""Lines typed in French and exactly what they are read as."""

import pytest

from conversations.quicklog_cases import told

LINES = [
    (
        "appelé Tanaka, on enverra l'étude de bruit d'ici vendredi",
        "log | call out | who=Tanaka | ours [enverra l'étude de bruit] due Fri 2026-11-20 18:00",
    ),
    (
        "Réunion avec Mme Dubois demain à 10h30 au sujet de l'éolienne 3",
        "task | meeting | Thu 2026-11-19 10:30 | who=Dubois? | topic=l'éolienne 3 | task=Réunion avec Mme Dubois au sujet de l'éolienne 3",
    ),
    (
        "ils enverront la liste avant le 24 novembre",
        "promise | theirs [enverront la liste] due Tue 2026-11-24 18:00",
    ),
    (
        "on ne travaillera pas la nuit jusqu'en mars",
        "promise | ours not [travaillera la nuit] due Mon 2027-03-01 18:00?",
    ),
    (
        "Tanaka a appelé, il enverra le plan fin du mois",
        "log | call in | who=Tanaka | theirs [enverra le plan] due Mon 2026-11-30 18:00",
    ),
    (
        "tâche : imprimer les cartes d'ici vendredi",
        "task | Fri 2026-11-20 | task=imprimer les cartes | text=imprimer les cartes",
    ),
    (
        "reçu un courriel de M. Mars hier concernant le bruit",
        "log | email in | Tue 2026-11-17 | who=Mars? | topic=le bruit",
    ),
    (
        "appeler Tanaka demain 10h au sujet du bruit",
        "task | call out | Thu 2026-11-19 10:00 | who=Tanaka | topic=bruit | task=appeler Tanaka au sujet du bruit",
    ),
    (
        "rencontré M. Tanaka et Mme Dubois lundi dernier",
        "log | meeting | Mon 2026-11-16 | who=Tanaka | who=Dubois?",
    ),
    (
        "nous n'abattrons pas le chêne avant le 1er mars",
        "promise | ours not [abattrons le chêne] due Mon 2027-03-01 18:00",
    ),
    (
        "rendez-vous avec Tanaka vendredi prochain à 14h",
        "task | meeting | Fri 2026-11-20 14:00 | who=Tanaka | task=rendez-vous avec Tanaka",
    ),
    (
        "Dubois enverra le plan d'ici fin mars",
        "promise | who=Dubois? | theirs [enverra le plan] due Wed 2027-03-31 18:00 unsure",
    ),
    (
        "on va réparer le chemin dans deux semaines",
        "promise | ours [réparer le chemin] due Wed 2026-12-02 18:00",
    ),
    ("mon client est inquiet", "log | note? | text=mon client est inquiet"),
    ("note sur le bruit", "log | note? | text=note sur le bruit"),
    (
        "called Tanaka, on enverra le plan demain",
        "log | call out | who=Tanaka | ours [enverra le plan] due Thu 2026-11-19 18:00",
    ),
    ("j'ai appelé Tanaka ce matin", "log | call out | Wed 2026-11-18 09:00? | who=Tanaka"),
    ("appelé Tanaka il y a deux jours", "log | call out | Mon 2026-11-16 | who=Tanaka"),
    ("appel de Tanaka à 14h15", "log | call in | Wed 2026-11-18 14:15 | who=Tanaka"),
    (
        "visite chez Tanaka jeudi 9h",
        "task | visit | Thu 2026-11-19 09:00 | who=Tanaka | task=visite chez Tanaka",
    ),
    (
        "promesse : réparer la clôture avant lundi",
        "promise | ours [réparer la clôture] due Mon 2026-11-23 18:00",
    ),
    (
        "écrire à Mme Dubois avant le 03/12",
        "task | letter out? | Thu 2026-12-03 | who=Dubois? | task=écrire à Mme Dubois",
    ),
    ("rencontré Avril Martin hier", "log | meeting | Tue 2026-11-17 | who=Avril Martin?"),
    (
        "Dubois a promis de signer d'ici le 1er décembre",
        "promise | who=Dubois? | theirs [signer] due Tue 2026-12-01 18:00 unsure",
    ),
    (
        "lettre de M. Bernard sur le chemin #accès +parc",
        "log | letter in | who=Bernard? | topic=le chemin | #accès | +parc",
    ),
    (
        "je vous enverrai le rapport après-demain",
        "promise | ours [enverrai le rapport] due Fri 2026-11-20 18:00",
    ),
    ("appelé Tanaka au sujet d'Avril", "log | call out | who=Tanaka | topic=Avril"),
    ("on se voit mardi prochain", "task | Tue 2026-11-24 | task=on se voit? | text=on se voit"),
    ("voir Tanaka le 24/11 à 9h", "task | meeting | Tue 2026-11-24 09:00 | who=Tanaka | task=voir Tanaka"),
]


@pytest.mark.parametrize(("line", "reading"), LINES)
def test_line_in_french(line: str, reading: str) -> None:
    assert told(line, "fr") == reading
