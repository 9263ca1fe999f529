import base64
import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from healthcare.accounts.models.people import User
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

KEY_BYTES = 20  # RFC 4226 section 4, R6: 160 bits recommended
STEP_SECONDS = 30
TOLERANCE = 1  # steps to either side; RFC 6238 section 5.2
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 signs, none of them easily misread


def new_key() -> str:
    """A fresh secret in base32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode()


class TOTPDevice(BaseModel, ThrottlingMixin, Device):
    """An authenticator app (RFC 6238). The key is encrypted at rest and is shown only until a code confirms it."""

    key = EncryptedTextField(default=new_key)
    drift = models.SmallIntegerField(default=0, help_text=_("Steps by which the app's clock was last off."))
    last_step = models.BigIntegerField(
        default=-1, help_text=_("Step of the last code taken; no older one is taken again.")
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["TOTPDevice"]] = models.Manager()

    class Meta:
        verbose_name = _("authenticator")
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="totp_one_in_use_and_one_pending"),
            models.CheckConstraint(
                condition=Q(confirmed=True, confirmed_at__isnull=False) | Q(confirmed=False, confirmed_at=None),
                name="totp_confirmed_says_when",
            ),
        ]

    def __str__(self) -> str:
        return BaseModel.__str__(self)

    def get_throttle_factor(self) -> int:
        """Seconds after the first wrong code; they double with each further one."""
        return 1

    def address(self) -> str:
        """The `otpauth://` address that authenticator apps read from the QR code."""
        label = quote(f"{settings.CLINIC_NAME}:{self.user.email}")
        return (
            f"otpauth://totp/{label}?{urlencode({'secret': self.key, 'issuer': settings.CLINIC_NAME}, quote_via=quote)}"
        )

    def code_at(self, moment: datetime) -> str:
        """The six digits an app shows at this moment; for the demo's sign-in page and for tests."""
        return f"{self._clock(moment).token():06d}"

    def spend(self, code: str, now: datetime) -> bool:
        """Take the code if it is right and was never taken. The caller holds the row's lock; all is saved here."""
        allowed, _why = self.verify_is_allowed()
        if not allowed:
            return False
        clock = self._clock(now)
        if not (len(code) == 6 and code.isascii() and code.isdigit()) or not clock.verify(
            int(code), TOLERANCE, self.last_step + 1
        ):
            self.throttle_increment(commit=False)
            self.save(update_fields=["throttling_failure_timestamp", "throttling_failure_count", "updated_at"])
            return False
        self.drift, self.last_step = clock.drift, clock.t()
        self.throttle_reset(commit=False)
        self.save(
            update_fields=[
                "drift",
                "last_step",
                "throttling_failure_timestamp",
                "throttling_failure_count",
                "updated_at",
            ]
        )
        return True

    def _clock(self, moment: datetime) -> Any:
        clock = TOTP(base64.b32decode(self.key), step=STEP_SECONDS, drift=self.drift)
        clock.time = moment.timestamp()
        return clock


class RecoveryCode(BaseModel):
    """One of ten codes for the day the phone is lost; each works once. Only its hash is kept.

    80 random bits: a plain SHA-256 of that cannot be guessed back.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")]

    @staticmethod
    def new_code() -> str:
        """Sixteen signs in four groups: `K7QF-P2M9-DXHU-4R6A`."""
        signs = "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(16))
        return "-".join(signs[place : place + 4] for place in range(0, 16, 4))

    @staticmethod
    def digest_of(code: str) -> str:
        signs = "".join(sign for sign in code.upper() if sign.isalnum())
        return hashlib.sha256(signs.encode()).hexdigest()


class SecondFactorReset(BaseModel):
    """One administrator asks that a colleague's second factor be taken off, another one agrees. Nobody does both."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="second_factor_resets")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text=_("Answered, or replaced after it ran out."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(closed_at=None), name="second_factor_reset_one_open"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, closed_at__isnull=False),
                name="second_factor_reset_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(requested_by=F("user")) & (Q(approved_by=None) | ~Q(approved_by=F("requested_by"))),
                name="second_factor_reset_two_people",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("user")), name="second_factor_reset_not_for_oneself"
            ),
        ]
