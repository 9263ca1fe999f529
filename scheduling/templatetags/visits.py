"""`{% load visits %}`: the links of a mail that confirm a visit or call it off, signed when the mail is drawn."""

from uuid import UUID

from django import template

from scheduling.links import cancel_address, confirm_address

register = template.Library()


@register.simple_tag
def cancel_link(visit: str, sequence: str) -> str:
    """The whole address; `visit` is the visit's key, `sequence` the count of its times, as the message keeps them."""
    return cancel_address(UUID(visit), int(sequence))


@register.simple_tag
def confirm_link(visit: str, sequence: str) -> str:
    """As `cancel_link`, to where one says that one comes."""
    return confirm_address(UUID(visit), int(sequence))
