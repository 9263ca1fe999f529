"""The pages of the staff about patients, a subject a module."""

from patients.views.consents import consent, consents, end_restriction, restrict, withdraw
from patients.views.people import access, change, chart, end, grant, list_, portal_code, register, search
from patients.views.privacy import breach_scope, breach_scope_file, case, cases, end_watch, take_case, watched

__all__ = [
    "access",
    "breach_scope",
    "breach_scope_file",
    "case",
    "cases",
    "change",
    "chart",
    "consent",
    "consents",
    "end",
    "end_restriction",
    "end_watch",
    "grant",
    "list_",
    "portal_code",
    "register",
    "restrict",
    "search",
    "take_case",
    "watched",
    "withdraw",
]
