"""How a doctor's words find a code of ICD-10-CM: abbreviations in full, every word as a beginning, in any order."""

import re
import unicodedata

LONGEST, MOST_WORDS = 100, 8
CODE = re.compile(r"[a-z][0-9][0-9a-z](?:\.?[0-9a-z]{0,4})?")
# What is written in clinics → the words of the classification.
ABBREVIATIONS: dict[str, str] = {
    "aaa": "abdominal aortic aneurysm",
    "acs": "acute coronary",
    "adhd": "attention deficit hyperactivity",
    "af": "atrial fibrillation",
    "afib": "atrial fibrillation",
    "aki": "acute kidney failure",
    "anxiety": "anxiety",
    "aom": "otitis media",
    "bph": "benign prostatic hyperplasia",
    "bppv": "benign paroxysmal vertigo",
    "cad": "atherosclerotic heart disease coronary",
    "cap": "pneumonia",
    "chf": "heart failure",
    "ckd": "chronic kidney disease",
    "copd": "chronic obstructive pulmonary disease",
    "cva": "cerebral infarction",
    "ddd": "disc degeneration",
    "djd": "osteoarthritis",
    "dm": "diabetes mellitus",
    "dm1": "type 1 diabetes mellitus",
    "dm2": "type 2 diabetes mellitus",
    "dvt": "embolism thrombosis deep veins",
    "esrd": "end stage renal disease",
    "flu": "influenza",
    "gad": "generalized anxiety",
    "gerd": "gastro-esophageal reflux",
    "hdl": "lipid",
    "hf": "heart failure",
    "hld": "hyperlipidemia",
    "htn": "hypertension",
    "hypothyroid": "hypothyroidism",
    "ibs": "irritable bowel",
    "lbp": "low back pain",
    "mdd": "major depressive",
    "mi": "myocardial infarction",
    "ms": "multiple sclerosis",
    "nash": "nonalcoholic steatohepatitis",
    "oa": "osteoarthritis",
    "osa": "obstructive sleep apnea",
    "pcos": "polycystic ovarian",
    "pe": "pulmonary embolism",
    "pna": "pneumonia",
    "ptsd": "post-traumatic stress",
    "pvd": "peripheral vascular disease",
    "ra": "rheumatoid arthritis",
    "rls": "restless legs",
    "sle": "systemic lupus erythematosus",
    "sob": "shortness breath",
    "t1dm": "type 1 diabetes mellitus",
    "t2dm": "type 2 diabetes mellitus",
    "tb": "tuberculosis",
    "tia": "transient cerebral ischemic",
    "uri": "acute upper respiratory infection",
    "uti": "urinary tract infection",
}
# Said differently by people and by the classification.
SYNONYMS: dict[str, str] = {
    "stroke": "cerebral infarction",
    "cancer": "neoplasm",
    "broken": "fracture",
    "heartburn": "heartburn",
    "flu": "influenza",
    "kidney stone": "calculus kidney",
    "high blood pressure": "hypertension",
    "heart attack": "myocardial infarction",
    "shingles": "zoster",
    "sugar": "diabetes",
}


def fold(text: str) -> str:
    """Lower case, without accents; what is no letter or digit is a space. A dot inside a code goes."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST]).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def is_code(text: str) -> bool:
    """Whether this is the beginning of a code, three signs or more, with its dot or without."""
    return bool(CODE.fullmatch(text.strip().lower()))


def code_prefix(text: str) -> str:
    """As codes are kept: E119 and e11.9 both become E11.9."""
    signs = text.strip().upper().replace(".", "")
    return f"{signs[:3]}.{signs[3:]}" if len(signs) > 3 else signs


def tsquery(text: str) -> str:
    """What to ask a `simple` text search for: each word as a beginning, all of them; empty when nothing is left."""
    folded = fold(text)
    for said, meant in SYNONYMS.items():
        folded = re.sub(rf"\b{said}\b", meant, folded)
    words = [word for said in folded.split() for word in fold(ABBREVIATIONS.get(said, said)).split()]
    return " & ".join(f"{word}:*" for word in dict.fromkeys(words[:MOST_WORDS]))
