"""A story in which many people take part, each in a browser of their own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, ViewportSize

from tests.journeys.clinic import Clinic
from tests.journeys.looking import look
from tests.journeys.pictures import keep


@dataclass
class Story:
    """Who takes part, each in a browser of their own, and where the visit stands."""

    clinic: Clinic
    enter: Callable[[str, str], Page]
    people: dict[str, Page] = field(default_factory=dict)
    patient_id: str = ""
    visit_id: str = ""
    encounter: str = ""
    prescription: str = ""
    invoice: str = ""

    def page(self, name: str, address: str = "/") -> Page:
        """The page of this person, at this address, looked at."""
        if name not in self.people:
            self.people[name] = self.enter(name, address)
        page = self.people[name]
        page.goto(address)
        look(page)
        return page

    def picture(self, page: Page, name: str, viewport: ViewportSize) -> None:
        """For the README, at the width it shows the page in."""
        if page.viewport_size == viewport:
            keep(page, name)

    @property
    def visit(self) -> str:
        return f"/scheduling/patients/{self.patient_id}/visits/{self.visit_id}"

    def open_alert(self, kind: str, severity: str) -> str | None:
        """An alert about this patient that waits for somebody."""
        query = "SELECT id FROM alerts_alert WHERE patient_id = %s AND kind = %s AND severity = %s AND state = 'open'"
        return next((str(row[0]) for row in self.clinic.rows(query, self.patient_id, kind, severity)), None)
