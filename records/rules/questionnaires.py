"""Questionnaires that the patient answers, scored by rule. Texts as their authors published them, in English.

PHQ-2, PHQ-9 and GAD-7: Spitzer, Williams, Kroenke and colleagues, with a grant of Pfizer Inc.; no permission is
required to reproduce, translate, display or distribute them. Scores: Kroenke, Spitzer, Williams, J Gen Intern Med
2001;16:606 (PHQ-9) and Med Care 2003;41:1284 (PHQ-2); Spitzer, Kroenke, Williams, Löwe, Arch Intern Med 2006;166:1092
(GAD-7). AUDIT-C: the first three questions of the World Health Organization's AUDIT; Bush, Kivlahan and colleagues,
Arch Intern Med 1998;158:1789.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOW_OFTEN = ("Not at all", "Several days", "More than half the days", "Nearly every day")
NEVER_TO_DAILY = ("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily")


@dataclass(frozen=True)
class Question:
    """The points of an answer are its place among the answers."""

    text: str
    answers: Sequence[str] = HOW_OFTEN


@dataclass(frozen=True)
class Instrument:
    """`code` is the LOINC code of the total. `bands`: from how many points on, by sex where that matters ("": any)."""

    name: str
    code: str
    intro: str
    questions: Sequence[Question]
    bands: Mapping[str, Sequence[tuple[int, str]]]

    @property
    def most(self) -> int:
        return sum(len(one.answers) - 1 for one in self.questions)


TWO_WEEKS = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
MOOD = (
    Question("Little interest or pleasure in doing things"),
    Question("Feeling down, depressed, or hopeless"),
    Question("Trouble falling or staying asleep, or sleeping too much"),
    Question("Feeling tired or having little energy"),
    Question("Poor appetite or overeating"),
    Question("Feeling bad about yourself, or that you are a failure or have let yourself or your family down"),
    Question("Trouble concentrating on things, such as reading the newspaper or watching television"),
    Question(
        "Moving or speaking so slowly that other people could have noticed. Or the opposite, being so fidgety or"
        " restless that you have been moving around a lot more than usual"
    ),
    Question("Thoughts that you would be better off dead, or of hurting yourself"),
)
WORRY = (
    Question("Feeling nervous, anxious, or on edge"),
    Question("Not being able to stop or control worrying"),
    Question("Worrying too much about different things"),
    Question("Trouble relaxing"),
    Question("Being so restless that it is hard to sit still"),
    Question("Becoming easily annoyed or irritable"),
    Question("Feeling afraid, as if something awful might happen"),
)
DRINKS = (
    Question(
        "How often do you have a drink containing alcohol?",
        ("Never", "Monthly or less", "2 to 4 times a month", "2 to 3 times a week", "4 or more times a week"),
    ),
    Question(
        "How many drinks containing alcohol do you have on a typical day when you are drinking?",
        ("1 or 2", "3 or 4", "5 or 6", "7 to 9", "10 or more"),
    ),
    Question("How often do you have six or more drinks on one occasion?", NEVER_TO_DAILY),
)
SCREEN = "screens positive"
INSTRUMENTS: dict[str, Instrument] = {
    "phq_2": Instrument("PHQ-2", "55758-7", TWO_WEEKS, MOOD[:2], {"": [(0, "screens negative"), (3, SCREEN)]}),
    "phq_9": Instrument(
        "PHQ-9",
        "44261-6",
        TWO_WEEKS,
        MOOD,
        {"": [(0, "minimal"), (5, "mild"), (10, "moderate"), (15, "moderately severe"), (20, "severe")]},
    ),
    "gad_7": Instrument(
        "GAD-7", "70274-6", TWO_WEEKS, WORRY, {"": [(0, "minimal"), (5, "mild"), (10, "moderate"), (15, "severe")]}
    ),
    "audit_c": Instrument(
        "AUDIT-C",
        "75626-2",
        "",
        DRINKS,
        {"": [(0, "screens negative"), (3, SCREEN)], "male": [(0, "screens negative"), (4, SCREEN)]},
    ),
}
WORRIES = frozenset({"moderate", "moderately severe", "severe", SCREEN})
OF_HARM = 8  # the place of the ninth question of the PHQ-9


def score_of(slug: str, answers: Sequence[int]) -> int:
    """The points together. Raises ValueError for an answer too many, too few, or that is none of its question."""
    questions = INSTRUMENTS[slug].questions
    if len(answers) != len(questions) or any(
        not 0 <= answer < len(one.answers) for one, answer in zip(questions, answers, strict=False)
    ):
        raise ValueError("These are not the answers to this questionnaire.")
    return sum(answers)


def band_of(slug: str, score: int, sex: str = "") -> str:
    """What the score means by the authors' bounds."""
    bands = INSTRUMENTS[slug].bands
    return [name for start, name in bands.get(sex, bands[""]) if score >= start][-1]


def speaks_of_harm(slug: str, answers: Sequence[int]) -> bool:
    """Whether the ninth question of the PHQ-9 was answered with anything but "not at all"."""
    return slug == "phq_9" and len(answers) > OF_HARM and answers[OF_HARM] > 0
