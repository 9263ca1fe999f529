"""Is what WeasyPrint needs on this machine?"""

from functools import cache

PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@cache
def pango_present() -> bool:
    """Importing takes a second and raises OSError, not ImportError, where the libraries are missing."""
    try:
        import weasyprint  # noqa: F401
    except (OSError, ImportError):
        return False
    return True
