from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from prescriptions.models.formulary import Medication
from prescriptions.rules.sig import Sig, quantity_of, quantity_text, read_sig, sig_text


class FavouritePrescription(BaseModel):
    """A medicine with its directions that somebody prescribes often, under a name of their own. It is about nobody:
    neither a patient nor what it was for is in it.
    """

    LONGEST_NAME = 60
    LIFE = "name, updated_at"
    database_access: ClassVar[Access] = Access(web=f"SELECT, INSERT, UPDATE ({LIFE}), DELETE", worker="SELECT, INSERT")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME)
    medication = models.ForeignKey(Medication, on_delete=models.PROTECT, related_name="+")
    sig = models.JSONField()
    repeats = models.PositiveSmallIntegerField(default=0)
    may_substitute = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("favourite prescription")
        constraints = [
            models.UniqueConstraint("user", Lower("name"), name="favourite_prescription_by_name"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(sig={}) & Q(repeats__lte=12), name="favourite_prescription_is_whole"
            ),
        ]

    @property
    def directions(self) -> Sig:
        """Raises ValueError where there are none, which the database forbids."""
        if sig := read_sig(self.sig):
            return sig
        raise ValueError("A favourite without directions")

    @property
    def words(self) -> str:
        return sig_text(self.directions)

    @property
    def quantity_words(self) -> str:
        return quantity_text(*quantity_of(self.directions))
