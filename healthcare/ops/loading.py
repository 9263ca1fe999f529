"""Run the parts of the synthetic load in order, prove that nothing of the schema was lost, and count."""

import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from healthcare.accounts.models import Site
from healthcare.audit import record
from healthcare.audit.sealing import SealerBusy, seal_batch
from healthcare.db.context import acting_as_system

# Walls, policies, constraints, indexes and triggers of every table; partitions follow their parents. A condition that
# is read and written again may have its casts elsewhere, so they are not compared.
SCHEMA = r"""WITH kept AS (SELECT oid, relname, relrowsecurity, relforcerowsecurity FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition)
SELECT concat_ws(' ', relname, relrowsecurity, relforcerowsecurity) FROM kept
UNION ALL SELECT concat_ws(' ', k.relname, c.conname, c.convalidated, c.conenforced, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN kept k ON k.oid = c.conrelid
UNION ALL SELECT concat_ws(' ', i.indisvalid,
        regexp_replace(pg_get_indexdef(i.indexrelid), '::(character varying|text)(\[\])?|[()]', '', 'g'))
    FROM pg_index i JOIN kept k ON k.oid = i.indrelid
UNION ALL SELECT concat_ws(' ', k.relname, p.polname, p.polcmd, p.polroles, p.polqual, p.polwithcheck)
    FROM pg_policy p JOIN kept k ON k.oid = p.polrelid
UNION ALL SELECT concat_ws(' ', k.relname, t.tgenabled, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN kept k ON k.oid = t.tgrelid WHERE NOT t.tgisinternal
ORDER BY 1"""


class LoadRefused(Exception):
    """The load may not or cannot run here; the message is a sentence."""


def parts() -> dict[str, ModuleType]:
    """By app, from left to right: a module with `load(plan)`, and `check(plan)` that yields `(what, whether)`."""
    return {name: import_module(module) for name, module in settings.SYNTHETIC.items()}


def plan(**values: Any) -> Any:
    """What every part is made by. It knows of patients, so it is theirs; here it is a name in the settings."""
    return import_string(settings.SYNTHETIC_PLAN)(**values)


def check_may_load(mark: str, *, yes: bool) -> None:
    """Raises LoadRefused: not the owner, production without a yes, or anybody's data."""
    if "production" in str(settings.SETTINGS_MODULE) and not yes:
        raise LoadRefused("These are production settings. Invented people belong elsewhere.")
    if _rows("SELECT current_user") != ["owner"]:
        raise LoadRefused("Only the owner of the tables can load: set HC_PROCESS=owner.")
    if Site.objects.filter(slug__startswith=mark).exists():
        raise LoadRefused("This database holds a synthetic load already. Load into an empty one.")
    if Site.objects.exists() or _rows("SELECT 1 FROM patients_patient LIMIT 1"):
        raise LoadRefused("There are sites or patients here that no load made. Nothing was touched.")


def load(plan: Any, *, seal: bool) -> dict[str, float]:
    """Everything in one transaction, then the audit's sealing; returns the seconds of each part.

    One transaction: what fails leaves nothing behind. Raises LoadRefused when the schema is not what it was before.
    """
    seconds: dict[str, float] = {}
    with transaction.atomic(), acting_as_system("load_synthetic"):
        before = _rows(SCHEMA)
        for name, module in parts().items():
            seconds[name] = _timed(partial(module.load, plan))
        detail = {"seed": plan.seed, "patients": plan.patients, "today": plan.now.date().isoformat()}
        record("ops.load_synthetic", by=None, detail=detail)
        if lost := set(before) ^ set(_rows(SCHEMA)):
            raise LoadRefused(f"The schema is not what it was before: {sorted(lost)[0]}")
    if seal:
        seconds["sealing"] = _timed(lambda: _seal(plan))
    vacuum = "" if connection.in_atomic_block else "VACUUM "
    seconds["statistics"] = _timed(lambda: connection.cursor().execute(f"{vacuum}ANALYZE"))
    return seconds


def findings(plan: Any) -> Iterator[tuple[str, str, bool]]:
    """Each proof of each part, and whether it held. As the owner, who sees every row."""
    with transaction.atomic(), acting_as_system("load_synthetic"):
        for name, module in parts().items():
            for what, held in module.check(plan):
                yield name, what, held


def told() -> dict[str, Any]:
    """What the parts say of their rows that somebody will look for, such as the patient with the longest chart."""
    tellers = [module.told for module in parts().values() if hasattr(module, "told")]
    return {name: value for teller in tellers for name, value in teller().items()}


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = _rows("SHOW server_version")[0]
    return f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, PostgreSQL {version}"


def keep_note(plan: Any, **said: Any) -> Path:
    """What a load generator has to know, in a file that this user alone can read."""
    path = Path(settings.DATA_DIR) / "synthetic.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    said |= {"seed": plan.seed, "today": plan.now.date().isoformat(), "password": plan.password}
    said |= {"totp_secret": plan.totp_key, "patients": plan.patients, "providers": plan.providers}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(said, file, indent=2)
    return path


def _seal(plan: Any) -> None:
    try:
        with plan.bar("sealing", plan.audit) as bar:
            while (sealed := seal_batch()).count:
                bar.update(sealed.count)
    except SealerBusy:
        return  # the sealer that runs here does it


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
