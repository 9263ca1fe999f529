"""What a result out of range may mean, in one neutral sentence for the commonest tests: for the person whose it is.

In our words, after MedlinePlus, the pages for patients of the National Library of Medicine (medlineplus.gov/lab-tests,
in the public domain); each row names its page. They say what is common, and never what this person has: that is for the
clinician's own words, which stand above. What has no row says nothing.
"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SOURCE = "medlineplus.gov/lab-tests/"


class Meaning(NamedTuple):
    """`low` or `high` is None where a value on that side rarely means anything, or is even better."""

    page: str
    low: Promise | None
    high: Promise | None


_LIVER = _("Higher values can come from the liver, from medicines, from alcohol, or from hard exercise.")
_FATS = _(
    "Higher values can raise the risk for heart and blood vessels over many years; food, exercise and medicines help."
)
_WATER = _("It can come from how much you drink, from medicines, or from the kidneys.")
MEANINGS: dict[str, Meaning] = {
    "718-7": Meaning(
        "hemoglobin-test",
        _("Lower values are called anemia; often the body lacks iron or vitamins, or blood was lost."),
        _("Higher values can come from smoking, from drinking too little, or from living high up."),
    ),
    "6690-2": Meaning(
        "white-blood-count-wbc",
        _("Lower values can come from a virus, from medicines, or from the bone marrow."),
        _("Higher values often come from an infection or an inflammation; some medicines raise them too."),
    ),
    "777-3": Meaning(
        "platelet-tests",
        _("Lower values can make you bleed or bruise more easily."),
        _("Higher values can come from an inflammation, from a lack of iron, or from the bone marrow."),
    ),
    "2345-7": Meaning(
        "blood-glucose-test",
        _("Lower values can come from not eating, or from medicines for diabetes."),
        _("Higher values can come from a meal before the test; without one they can be a sign of diabetes."),
    ),
    "4548-4": Meaning(
        "hemoglobin-a1c-hba1c-test",
        None,
        _("Higher values mean that blood sugar was higher over the last months; they can be a sign of diabetes."),
    ),
    "2160-0": Meaning(
        "creatinine-test",
        _("Lower values are often seen in people with less muscle, and are rarely a worry."),
        _("Higher values can mean that the kidneys work less well; hard exercise or much meat can raise them too."),
    ),
    "33914-3": Meaning(
        "glomerular-filtration-rate-gfr-test",
        _("Lower values can mean that the kidneys filter less well; it is usually looked at over months."),
        None,
    ),
    "3094-0": Meaning(
        "bun-blood-urea-nitrogen",
        None,
        _("Higher values can come from drinking too little, from much protein in food, or from the kidneys."),
    ),
    "2951-2": Meaning("sodium-blood-test", _WATER, _WATER),
    "2823-3": Meaning(
        "potassium-blood-test",
        _("Lower values can come from vomiting, diarrhea, or water pills; they can disturb muscles and heart."),
        _("Higher values can come from the kidneys, from medicines, or from how the sample was taken."),
    ),
    "17861-6": Meaning(
        "calcium-blood-test",
        _("Lower values can come from too little vitamin D or protein, or from the kidneys."),
        _("Higher values can come from small glands at the neck, from medicines, or from bones."),
    ),
    "1751-7": Meaning(
        "albumin-blood-test",
        _("Lower values can come from the liver, from the kidneys, or from eating too little protein."),
        _("Higher values often come from drinking too little."),
    ),
    "1975-2": Meaning(
        "bilirubin-blood-test",
        None,
        _("Higher values can come from the liver or the bile ducts; in many people a harmless trait raises them."),
    ),
    "1742-6": Meaning("alt-blood-test", None, _LIVER),
    "1920-8": Meaning("ast-test", None, _LIVER),
    "6768-6": Meaning(
        "alkaline-phosphatase",
        None,
        _("Higher values can come from liver, bile ducts or bones; they are usual in growing children and pregnancy."),
    ),
    "2093-3": Meaning("cholesterol-levels", None, _FATS),
    "18262-6": Meaning("cholesterol-levels", None, _FATS),
    "2571-8": Meaning("triglycerides-test", None, _FATS),
    "3016-3": Meaning(
        "tsh-thyroid-stimulating-hormone-test",
        _("Lower values can mean that the thyroid makes too much, or that a thyroid medicine is too strong."),
        _("Higher values can mean that the thyroid makes too little, or that a thyroid medicine is too weak."),
    ),
    "6301-6": Meaning(
        "prothrombin-time-test-and-inr-ptinr",
        None,
        _("Higher values mean that blood clots more slowly; with a blood thinner that is wanted, up to a point."),
    ),
}


def meaning_of(code: str, flag: str) -> tuple[str, str]:
    """The sentence for a value with this flag, and the page it is after; both "" where there is nothing to say."""
    known = MEANINGS.get(code)
    side = "low" if flag.endswith("low") else "high" if flag.endswith("high") else ""
    sentence = getattr(known, side, None) if known and side else None
    return (str(sentence), SOURCE + known.page) if known and sentence else ("", "")
