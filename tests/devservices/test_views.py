"""/demo/mail/ leads to the page of caught mail."""

from django.http import HttpRequest
from pytest_django import Settings

from healthcare.devservices import views
from healthcare.devservices.folder import Folder


def test_the_demo_leads_to_its_mail(folder: Folder, settings: Settings) -> None:
    settings.DATA_DIR = folder.path
    request = HttpRequest()
    request.method = "GET"
    answer = views.mail(request)
    assert answer["Location"] == f"http://127.0.0.1:{folder.ports()['mail']}/"


def test_anybody_may_look() -> None:
    assert views.mail.is_public
