"""Documents as PDF by WeasyPrint, where the machine has what it needs; it reaches nothing but our own files."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
HOME = "https://this.clinic.invalid"  # what links in a document are relative to; no such host exists (RFC 2606)


class CannotPrint(Exception):
    """This machine lacks Pango: offer the page, which prints as well."""


class ReachesOut(Exception):
    """A document asked for something that is neither a static file of ours nor inside the document."""


@cache
def pango_present() -> bool:
    """Importing takes a second and raises OSError, not ImportError, where the libraries are missing."""
    try:
        import weasyprint  # noqa: F401
    except (OSError, ImportError):
        return False
    return True


def render_pdf(html: str) -> bytes:
    """The document as a tagged PDF (PDF/UA-1, ISO 14289-1). `html` links its stylesheets as `/static/...`.

    For workers: it takes about 80 ms of CPU. Raises CannotPrint, and ReachesOut before anything leaves the machine.
    """
    if not pango_present():
        raise CannotPrint(f"Install {PANGO}.")
    import weasyprint

    refused: list[str] = []
    document = weasyprint.HTML(string=html, base_url=HOME, url_fetcher=_fetcher(refused))
    content: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    if refused:  # WeasyPrint goes on without what it could not fetch; a document of ours must not
        raise ReachesOut("A document asked for something outside.")
    return content


def static_file(url: str) -> Path | None:
    """The file behind an address below `STATIC_URL`, collected or not; None for every other address."""
    start = HOME + settings.STATIC_URL
    if not url.startswith(start):
        return None
    name = unquote(url.removeprefix(start).split("?")[0].split("#")[0])
    if ".." in name.split("/"):
        return None
    collected = Path(staticfiles_storage.path(name)) if settings.STATIC_ROOT else None
    if collected is not None and collected.is_file():
        return collected
    found = finders.find(name)
    return Path(str(found)) if found else None


def _fetcher(refused: list[str]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnFiles(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            path = static_file(url)
            if path is None:
                refused.append(url)
                raise ReachesOut("Only static files of our own.")
            kind = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}.get(path.suffix, "")
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    return OwnFiles()
