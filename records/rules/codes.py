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


# What is meant where nothing more is said; the plain form of a disease is not always the shortest.
USUAL: dict[str, str] = {
    "afib": "I48.91",
    "af": "I48.91",
    "anxiety": "F41.9",
    "asthma": "J45.909",
    "atrial fibrillation": "I48.91",
    "back pain": "M54.50",
    "bph": "N40.0",
    "cad": "I25.10",
    "chf": "I50.9",
    "ckd": "N18.9",
    "copd": "J44.9",
    "depression": "F32.A",
    "diabetes": "E11.9",
    "dm": "E11.9",
    "dm2": "E11.9",
    "dm1": "E10.9",
    "gerd": "K21.9",
    "heart failure": "I50.9",
    "high blood pressure": "I10",
    "hld": "E78.5",
    "htn": "I10",
    "hypertension": "I10",
    "hypothyroidism": "E03.9",
    "lbp": "M54.50",
    "mi": "I21.9",
    "migraine": "G43.909",
    "oa": "M19.90",
    "obesity": "E66.9",
    "osa": "G47.33",
    "stroke": "I63.9",
    "t1dm": "E10.9",
    "t2dm": "E11.9",
    "tia": "G45.9",
    "uri": "J06.9",
    "uti": "N39.0",
}


def usual_code(text: str) -> str:
    """The code that these words mean by themselves; empty where they need a choice."""
    return USUAL.get(fold(text), "")


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
