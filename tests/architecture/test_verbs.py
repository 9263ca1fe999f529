"""Every verb is keyword-only, says who acts, is whole or not at all, and leaves an audit line."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import calls, module, name, parsed, rooms

WRITES_AUDIT = {"record", "record_now", "record_many"}
WRITES_NOW = {"record_now", "note_now"}  # on a connection of their own: the read or refusal stands by itself
CHANGES = {"record", "record_many", "note", "publish"}
# Functions in actions that are no verbs: a verb that calls them says who, and audits.
PARTS_OF_VERBS = {
    "healthcare.accounts.actions.letters": "letters that verbs send",
    "healthcare.accounts.actions.links": "one-time links that verbs hand out and take",
    "healthcare.accounts.actions.auditing": "how the verbs of accounts write their lines",
    "healthcare.accounts.actions.signing_in.begin_session": "step of sign_in",
    "healthcare.accounts.actions.signing_in.get_next_step": "a question",
    "healthcare.accounts.actions.signing_in.has_second_factor": "a question",
    "healthcare.accounts.actions.signing_in.check_password": "a check that raises",
    "healthcare.accounts.actions.signing_in.act_in": "step of take_role and switch_role",
    "alerts.actions.asking": "whom an alert asks at its level",
    "alerts.actions.digests.envelope_of": "a letter by itself, within verbs",
    "alerts.actions.digests.reopen_digest": "step of withdraw_outdated, whose line it is",
    "alerts.actions.gathering": "when the mail of the day leaves, within verbs",
    "alerts.actions.letters": "letters that verbs send",
    "alerts.actions.visits": "what letters say of a visit",
    "records.actions.signing.copied_from_before": "a question",
    "records.actions.signing.signed_entry": "step of every verb that signs",
    "records.actions.threads.locked_thread": "the row as it is now, within verbs",
    "records.actions.threads.no_longer_waits": "step of send_message and close_thread",
    "records.actions.threads.own_it": "step of take_thread, hand_on_thread and send_message",
    "records.actions.writing": "how the verbs of the chart write rows",
    "patients.actions.numbers": "the next record numbers, within verbs",
    "patients.actions.portal.hash_code": "plain arithmetic",
    "prescriptions.actions.checking_anew": "step of mark_ready and pick_up, whose line says what it found",
    "prescriptions.actions.settling": "what answers a request for a refill, within verbs",
    "prescriptions.actions.sheets.why_not_printed": "a question",
    "prescriptions.actions.standing": "where one stands, within verbs",
    "prescriptions.actions.steps": "what the verbs of prescriptions share",
    "scheduling.actions.claims": "locks, claims and releases, within verbs",
    "scheduling.actions.refusals": "sentences",
    "scheduling.actions.seats.free_seat": "step of give_seat",
    "scheduling.actions.seats.session_now": "the session as it is now, within verbs",
    "scheduling.actions.steps": "steps of several verbs",
    "scheduling.actions.taken": "sentences, and what else there is",
}
WITHOUT_AUDIT_LINE = {
    "alerts.actions.notices.mark_bounced_address": "mark_contact, of the app to the left, writes it",
    "analytics.actions.read_dashboard": "counts alone, of nobody in particular",
    "patients.actions.duplicates.note_duplicates": "part of register_patient, whose line it is",
    "scheduling.actions.downtime.write_downtime_packets": "a line for each packet, beside its file",
    "scheduling.actions.providers.warn_of_licences": "queue_message writes one for each letter",
    "patients.actions.portal.tell_portal_opened": "the message row says what was sent, when and to whom",
    "scheduling.actions.forgetting.forget_free_times": "the cache holds no row of anybody's",
    "patients.actions.proxies.tell_proxy_added": "the message row says what was sent, when and to whom",
    "records.actions.voiding.give_back_appointment": "undo_start, of the app to the left, writes it",
    "prescriptions.actions.writing.change_draft": "one row overwritten, audited once when begun (DESIGN, Audit)",
    "prescriptions.actions.together.change_together": "change_draft, of each",
}


def verbs() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in rooms("actions"):
        for node in parsed(path).body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and not {module(path), f"{module(path)}.{node.name}"} & PARTS_OF_VERBS.keys():
                yield path, node


@cache
def functions_of(app: str) -> dict[str, ast.FunctionDef]:
    """Those of its actions, by name."""
    return {
        function.name: function
        for path in rooms("actions")
        if module(path).split(".actions")[0] == app
        for function in parsed(path).body
        if isinstance(function, ast.FunctionDef)
    }


def called(node: ast.FunctionDef, path: Path) -> set[str]:
    """Names called by the verb, and by functions of the same app's actions that it calls."""
    known = functions_of(module(path).split(".actions")[0])
    found, waiting = set(), [node]
    while waiting:
        for dotted in calls(waiting.pop()):
            short = dotted.split(".")[-1]
            if short not in found:
                found.add(short)
                waiting += [known[short]] if short in known else []
    return found


VERBS = [pytest.param(path, node, id=f"{module(path)}.{node.name}") for path, node in verbs()]


def test_there_are_verbs():
    assert VERBS


@pytest.mark.parametrize(("path", "node"), VERBS)
def test_it_is_keyword_only_and_says_who_acts(path, node):
    where = f"{name(path)}:{node.lineno} {node.name}"
    assert not node.args.args, f"{where}: write `*` first; a call then reads like a sentence."
    assert not node.args.posonlyargs, f"{where}: write `*` first."
    assert "by" in {argument.arg for argument in node.args.kwonlyargs}, f"{where}: take by=, the one who acts."


@pytest.mark.parametrize(("path", "node"), VERBS)
def test_it_is_whole_or_not_at_all(path, node):
    inside = {dotted.split(".")[-1] for dotted in calls(node)}
    if inside & CHANGES:
        text = ast.unparse(node)
        assert "transaction.atomic" in text, (
            f"{name(path)}:{node.lineno} {node.name}: decorate with transaction.atomic."
        )


@pytest.mark.parametrize(("path", "node"), VERBS)
def test_it_leaves_an_audit_line(path, node):
    full = f"{module(path)}.{node.name}"
    assert called(node, path) & WRITES_AUDIT or full in WITHOUT_AUDIT_LINE, (
        f"{full}: call record() beside the change, or record_now() for a read; or say in WITHOUT_AUDIT_LINE why not."
    )


@pytest.mark.parametrize(("path", "node"), VERBS)
def test_it_says_what_it_does_and_has_types(path, node):
    where = f"{name(path)}:{node.lineno} {node.name}"
    assert ast.get_docstring(node), f"{where}: a docstring says what it does and raises."
    assert node.returns is not None, f"{where}: say what it returns."
    assert all(argument.annotation for argument in node.args.kwonlyargs), f"{where}: annotate every argument."


def test_verbs_never_import_tasks_or_ask_for_the_request_of_a_thread():
    for path in rooms("actions"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").endswith(".tasks"), f"{name(path)}: publish a fact; verbs know no tasks."


def test_forms_validate_and_never_save():
    for path in rooms("forms"):
        assert ".save(" not in path.read_text(), f"{name(path)}: forms validate, verbs save."


def test_tasks_take_ids_and_make_one_call():
    for path in rooms("tasks", "subscribers"):
        for node in parsed(path).body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 15, f"{name(path)}:{node.lineno} {node.name}: move the work into an action."


def test_nobody_writes_with_signals():
    """They miss bulk writes, and hide."""
    for path in rooms("models", "actions", "access", "queries", "views", "subscribers", "signals"):
        found = {dotted for dotted in calls(parsed(path)) if dotted.split(".")[0] in {"post_save", "pre_save"}}
        assert not found, f"{name(path)}: write the audit line by hand in the verb: {found}"
