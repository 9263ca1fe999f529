import segno
from django.utils.safestring import SafeString


def qr_code(text: str) -> SafeString:
    """The text as an inline SVG of classes alone: no script, no style, no address. Its meaning stands beside it."""
    code = segno.make(text, error="m")
    drawn = code.svg_inline(
        scale=5, border=2, svgclass="qr", lineclass="qr-dark", omitsize=True, dark="#000", light="#fff"
    )
    return SafeString(drawn)


def qr_image(text: str) -> str:
    """The text as an image for a document on paper: a `data:` address that asks nobody for anything."""
    address: str = segno.make(text, error="m").svg_data_uri(scale=5, border=2, dark="#000", light="#fff")
    return address
