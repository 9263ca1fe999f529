"""A pool for messages, as an administrator arranges it."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Membership, Site, User
from records.models import Pool, Thread
from records.queries.pools import answering_roles, people_of


class PoolForm(forms.ModelForm):
    """Its site is chosen once; its people are all who answer."""

    takes = forms.MultipleChoiceField(
        label=_("What comes here by itself"),
        choices=Thread.Category.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What patients of the site write about that."),
    )
    people = forms.ModelMultipleChoiceField(
        label=_("Who answers"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who works at the site in a role that writes to patients."),
    )

    class Meta:
        model = Pool
        fields: ClassVar[list[str]] = ["site", "name", "takes", "people", "answer_hours", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["people"]
        here = Membership.objects.current().filter(role__in=answering_roles())
        if self.instance.site_id:
            here = here.filter(site=self.instance.site_id)
            members = people_of(self.instance)
            self.initial["people"] = [person.pk for person in members]
        people.queryset = User.objects.filter(is_active=True, pk__in=here.values("user")).order_by("full_name", "pk")
        people.label_from_instance = lambda person: person.full_name
        if "site" in self.fields:
            site: Any = self.fields["site"]
            site.queryset = Site.objects.filter(closed_at=None).order_by("name")
            site.label_from_instance = lambda row: row.name
