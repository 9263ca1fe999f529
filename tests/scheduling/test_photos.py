"""What a provider looks like: a square of pixels, drawn anew from whatever was sent."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import ProviderPhoto
from scheduling.pictures import MOST_BYTES, SIDE, NotAPhoto, square_of
from scheduling.queries.photos import photo_urls
from tests.factories import bookable_provider, staff
from tests.roles import as_the_system
from tests.scheduling.pages import text

pytestmark = pytest.mark.django_db
OWN, SEND = "/scheduling/own-page", "/scheduling/own-page/photo"
RED, BLUE = (200, 30, 30), (30, 30, 200)


def drawn(
    kind: str = "JPEG", size: tuple[int, int] = (800, 600), colour: Any = RED, mode: str = "RGB", **more: Any
) -> bytes:
    kept = BytesIO()
    Image.new(mode, size, colour).save(kept, kind, **more)
    return kept.getvalue()


def two_halves(kind: str = "JPEG", **more: Any) -> bytes:
    """Red above, blue below."""
    picture, kept = Image.new("RGB", (400, 400), RED), BytesIO()
    picture.paste(BLUE, (0, 200, 400, 400))
    picture.save(kept, kind, **more)
    return kept.getvalue()


def file(content: bytes, name: str = "me.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 25 for one, other in zip(pixel, colour, strict=True))


def header_of(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has not a pixel of it."""
    what = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + what + struct.pack(">I", zlib.crc32(what))


# == The square ==
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(800, 600), (600, 800), (64, 64), (3000, 200)])
def test_what_was_sent_becomes_a_square_jpeg(kind: str, size: tuple[int, int]) -> None:
    square = opened(square_of(drawn(kind, size)))
    assert (square.format, square.size, square.mode) == ("JPEG", (SIDE, SIDE), "RGB")
    assert near(square.getpixel((10, 10)), RED)


def test_what_the_camera_wrote_is_followed_once_and_left_behind() -> None:
    """Orientation 3 is upside down (EXIF 2.32, 4.6.4 A); where it was taken goes with the rest."""
    told = Image.Exif()
    told[0x0112] = 3
    told.get_ifd(0x8825)[1] = "N"
    told[0x010F] = "Some camera"
    square = opened(square_of(two_halves(exif=told)))
    assert near(square.getpixel((160, 40)), BLUE)
    assert near(square.getpixel((160, 280)), RED)
    assert not square.getexif()
    assert b"Some camera" not in square_of(two_halves(exif=told))


def test_what_is_transparent_lies_on_white() -> None:
    square = opened(square_of(drawn("PNG", colour=(0, 0, 0, 0), mode="RGBA")))
    assert near(square.getpixel((160, 160)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_pictures_of_other_colours_are_taken(mode: str) -> None:
    content = drawn("JPEG" if mode == "CMYK" else "PNG", colour=0, mode=mode)
    assert opened(square_of(content)).mode == "RGB"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no picture that we can read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that we can read"),
        (b"GIF89a" + bytes(200), "no picture that we can read"),
        (drawn()[:300], "no picture that we can read"),
        (b"\xff\xd8\xff" + bytes(5000), "no picture that we can read"),
        (header_of(800, 600), "no picture that we can read"),
        (header_of(60_000, 60_000), "no picture that we can read"),
        (drawn("PNG", (6_000, 6_000), colour=0, mode="1"), "30 million pixels"),
        (drawn(size=(63, 500)), "64 pixels each way"),
        (bytes(MOST_BYTES + 1), "larger than 10 MB"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(NotAPhoto, match=said):
        square_of(content)


# == Who keeps one ==
def test_a_provider_shows_a_photo_replaces_it_and_takes_it_away(browser, clinic) -> None:
    doctor, pk = browser(clinic.provider.user), clinic.provider.pk
    assert "Patients see no photo yet" in text(doctor.get(OWN))
    assert "Patients see the photo from now on" in text(doctor.post(SEND, {"photo": file(drawn())}, follow=True))
    first = photo_urls([pk])[pk]
    assert first in doctor.get(OWN).content.decode()
    seen = doctor.get(first)
    assert (seen["Content-Type"], opened(seen.content).size) == ("image/jpeg", (SIDE, SIDE))
    assert "sandbox" in seen["Content-Security-Policy"]
    doctor.post(SEND, {"photo": file(drawn(colour=BLUE))})
    assert photo_urls([pk])[pk] != first
    assert near(opened(doctor.get(first).content).getpixel((9, 9)), BLUE)
    assert "The photo is gone" in text(doctor.post(SEND, {"remove": "1"}, follow=True))
    assert doctor.get(first).status_code == 404
    assert "The photo is gone" not in text(doctor.post(SEND, {"remove": "1"}, follow=True))
    with as_the_system():
        told = AuditEvent.objects.filter(actor_id=clinic.provider.user.pk, action__endswith="_photo").order_by("id")
        assert [event.action.partition(".")[2] for event in told] == ["keep_photo", "keep_photo", "remove_photo"]


def test_an_administrator_does_it_for_somebody(browser, clinic) -> None:
    page = f"/scheduling/providers/{clinic.provider.pk}"
    boss = browser(staff("administrator", clinic.site))
    assert "Patients see no photo yet" in text(boss.get(page))
    boss.post(f"{page}/photo", {"photo": file(drawn())})
    assert "Remove the photo" in text(boss.get(page))
    refused = text(boss.post(f"{page}/photo", {"photo": file(b"no picture")}), 422)
    assert "no picture that we can read" in refused
    assert ProviderPhoto.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Choose a file"),
        (b"", "The file is empty"),
        (b"%PDF-1.7", "no picture that we can read"),
        (bytes(MOST_BYTES + 1), "larger than 10 MB"),
    ],
)
def test_what_is_refused_says_why_beside_the_field(browser, clinic, content: bytes | None, said: str) -> None:
    sent = {} if content is None else {"photo": file(content)}
    assert said in text(browser(clinic.provider.user).post(SEND, sent), 422)
    assert not ProviderPhoto.objects.exists()


@pytest.mark.parametrize("role", ["doctor", "nurse", "front_desk"])
def test_nobody_changes_the_photo_of_a_colleague(clinic, role: str) -> None:
    user = staff(role, clinic.site)
    with acting_as(user):
        with pytest.raises(NotAllowed):
            actions.keep_photo(by=user, provider=clinic.provider, content=drawn())
        with pytest.raises(NotAllowed):
            actions.remove_photo(by=user, provider=clinic.provider)


def test_nobody_who_is_not_signed_in_sees_one(client, clinic) -> None:
    assert client.get(f"/scheduling/providers/{clinic.provider.pk}/picture").status_code == 302


# == Where patients choose ==
def test_patients_see_the_photo_where_they_choose(browser, clinic) -> None:
    other = bookable_provider(clinic.site)
    with acting_as(clinic.provider.user):
        actions.keep_photo(by=clinic.provider.user, provider=clinic.provider, content=drawn())
    rosa = browser(clinic.rosa)
    page = rosa.get("/portal/book", {"visit_type": clinic.visit_type.slug, "near": ""}).content.decode()
    address = photo_urls([clinic.provider.pk, other.pk])
    assert set(address) == {clinic.provider.pk}
    assert address[clinic.provider.pk] in page
    assert rosa.get(address[clinic.provider.pk]).status_code == 200
