"""Photos: whatever was sent becomes a small square of pixels, and nothing else of the file is kept."""

from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 320  # pixels
SMALLEST = 64
MOST_PIXELS = 30_000_000  # what telephones take; drawn in memory it is some hundred megabytes
MOST_BYTES = 10 * 1024 * 1024
TYPES = ("JPEG", "PNG", "WEBP")
UNREADABLE = (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError)


class NotAPhoto(Exception):
    """Nothing was kept; says why in a sentence."""


def square_of(content: bytes) -> bytes:
    """The middle of the picture as a JPEG of 320 by 320 pixels, upright, on white where it was transparent.

    Where and with what it was taken, and whatever else the file carried, is left behind: it is drawn anew. Raises
    NotAPhoto.
    """
    if len(content) > MOST_BYTES:
        raise NotAPhoto(_("The file is larger than 10 MB. Choose a smaller one."))
    try:
        with Image.open(BytesIO(content), formats=TYPES) as picture:
            _check_size(picture)
            square = _drawn(picture)
    except UNREADABLE as problem:
        raise NotAPhoto(_("This is no picture that we can read. Choose a JPEG, PNG or WebP file.")) from problem
    kept = BytesIO()
    square.save(kept, "JPEG", quality=85, optimize=True)
    return kept.getvalue()


def _check_size(picture: Image.Image) -> None:
    """By what the file says of itself, before a single pixel is drawn."""
    if picture.width * picture.height > MOST_PIXELS:
        raise NotAPhoto(_("The picture has more than 30 million pixels. Make it smaller first."))
    if min(picture.size) < SMALLEST:
        raise NotAPhoto(_("The picture is too small: it needs 64 pixels each way."))


def _drawn(picture: Image.Image) -> Image.Image:
    picture.thumbnail((4 * SIDE, 4 * SIDE))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    white = Image.new("RGBA", upright.size, "white")
    return ImageOps.fit(Image.alpha_composite(white, upright).convert("RGB"), (SIDE, SIDE))
