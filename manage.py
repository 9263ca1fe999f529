#!/usr/bin/env python3
"""The one door: `demo`, `verify`, and every command of the clinic. Needs nothing but Python 3.11 to begin."""

import os
import sys

OWNER = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "optimizemigration", "flush"}
WEB = {"runserver"}
BACKUP = {"backup", "restore", "verify_backup"}
FRONT_DOOR = {"demo", "verify", "services"}  # they start servers first, and Django only after that


def main():
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python shall say so, and not fail on our syntax)
        sys.stderr.write("Python 3.11 or newer is needed; this is {}.{}.\n".format(*sys.version_info))
        sys.exit(2)
    from healthcare.devservices import environment

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        environment.enter(os.path.dirname(os.path.abspath(__file__)), command)
        run(command)
    except environment.Problem as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)


def run(command):
    if command in FRONT_DOOR:
        from healthcare.devservices import front_door

        sys.exit(front_door.open_with(sys.argv[1:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcare.settings.dev")
    process = "owner" if command in OWNER else "web" if command in WEB else "backup" if command in BACKUP else "worker"
    os.environ.setdefault("HC_PROCESS", process)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
