"""`{% load accounts %}`: the link of a mail, which is signed when the mail is drawn and stands nowhere before."""

from django import template
from django.conf import settings
from django.urls import reverse

from healthcare.accounts.models.links import token_of

register = template.Library()


@register.simple_tag
def one_time_link(page: str, key: str) -> str:
    """The whole address of `accounts:<page>`, or of an app's page, with the token of the row with this key."""
    name = page if ":" in page else f"accounts:{page}"
    return f"{settings.PUBLIC_URL}{reverse(name, args=[token_of(key)])}"


@register.filter
def browser(agent: str) -> str:
    """A browser and a system that people recognise, out of a User-Agent; nothing is decided by it."""
    systems = {
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Android": "Android",
        "Windows": "Windows",
        "Mac OS": "Mac",
        "Linux": "Linux",
    }
    browsers = {"Edg/": "Edge", "Firefox": "Firefox", "Chrom": "Chrome", "Safari": "Safari"}
    found = [next((name for sign, name in names.items() if sign in agent), "") for names in (browsers, systems)]
    return ", ".join(name for name in found if name)


@register.filter
def join_words(value: object) -> str:
    """A detail of an audit event: a word, or a list of words."""
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
