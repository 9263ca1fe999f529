"""Run the demo with real servers and pretended programs, in a process of its own; tests/devservices/test_clinic.py."""

import os
import sys
from pathlib import Path

from healthcare.devservices import clinic
from healthcare.devservices.environment import Problem
from healthcare.devservices.processes import Program

SITE = """
import http.server
class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", {port}), Site).serve_forever()
"""
TOLD = '{"apps": [], "accounts": [{"role": "nurse", "email": "n@example.org", "password": "p", "totp_secret": null}]}'
WORKERS = "sleep 1000 & wait"  # a child that has a child


def pretend(childless: bool = False) -> None:
    told = clinic.chosen() / "told.json"
    clinic.prepare = lambda folder, bundles: Program("prepare", ["/bin/sh", "-c", f"echo '{TOLD}' > {told}"])
    clinic.web = lambda number: Program("web", [sys.executable, "-c", SITE.format(port=number)])
    clinic.live = lambda ports: Program("live", [sys.executable, "-c", SITE.format(port=ports["live"])])
    clinic.others = lambda folder, ports: [
        Program("workers", ["/bin/sh", "-c", "exec sleep 1000" if childless else WORKERS])
    ]


def main() -> None:
    port, *flags = sys.argv[1:]
    pretend("--childless" in flags)
    try:
        sys.exit(
            clinic.run_demo(port=int(port), reset="--reset" in flags, bundles=[Path(p) for p in flags if "/" in p])
        )
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)


if __name__ == "__main__":
    os.environ.setdefault("HC_PROCESS", "worker")
    main()
