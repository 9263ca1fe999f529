"""What a doctor prescribes often, found first."""

from django.db.models.functions import Lower

from healthcare.accounts.models import User
from prescriptions.models import FavouritePrescription
from prescriptions.rules.allergens import plain


def favourites_of(user: User) -> list[FavouritePrescription]:
    """One's own by their names, also of medicines that are no longer offered. One query."""
    rows = FavouritePrescription.objects.filter(user=user).select_related("medication")
    return list(rows.order_by(Lower("name"), "id"))


def favourites_for(user: User, text: str) -> list[FavouritePrescription]:
    """Those that can be prescribed and have every word of the text in their name or in that of the medicine."""
    words = plain(text).split()
    return [
        row
        for row in favourites_of(user)
        if row.medication.active and all(word in f"{plain(row.name)} {row.medication.search_text}" for word in words)
    ]
