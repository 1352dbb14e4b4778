"""How people prove who they are (pure).

Level 1 is a password, a passkey or a code on paper; level 2, asked for with ``acr_values=2``, is a passkey (it is two
factors by itself) or a password and a code of an authenticator app, which is set up on the spot by whoever has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from shared.access.tokens import LEVEL_SECONDS

Requirement = Literal["REQUIRED", "ALTERNATIVE", "CONDITIONAL"]


@dataclass(frozen=True)
class Step:
    """An authenticator, or a flow within a flow (``steps``)."""

    requirement: Requirement
    provider: str = ""
    config: dict[str, str] = field(default_factory=dict)
    name: str = ""
    steps: Sequence[Step] = ()


@dataclass(frozen=True)
class Flow:
    """A flow with a name of its own in the realm."""

    alias: str
    description: str
    steps: Sequence[Step]


BROWSER = Flow(
    "tsumugi browser",
    "Password or passkey; two factors on request",
    (
        Step("ALTERNATIVE", "auth-cookie"),
        Step("ALTERNATIVE", "identity-provider-redirector"),
        Step(
            "ALTERNATIVE",
            name="tsumugi sign-in",
            steps=(
                Step(
                    "CONDITIONAL",
                    name="tsumugi level 1",
                    steps=(
                        Step(
                            "REQUIRED",
                            "conditional-level-of-authentication",
                            {"loa-condition-level": "1", "loa-max-age": str(LEVEL_SECONDS)},
                        ),
                        Step("REQUIRED", "auth-username-password-form"),
                    ),
                ),
                Step(
                    "CONDITIONAL",
                    name="tsumugi level 2",
                    steps=(
                        Step(
                            "REQUIRED",
                            "conditional-level-of-authentication",
                            {"loa-condition-level": "2", "loa-max-age": str(LEVEL_SECONDS)},
                        ),
                        Step(
                            "CONDITIONAL",
                            name="tsumugi second factor",
                            steps=(
                                Step(
                                    "REQUIRED",
                                    "conditional-credential",
                                    {"credentials": "webauthn-passwordless", "included": "false"},
                                ),
                                Step("REQUIRED", "auth-otp-form"),
                            ),
                        ),
                        # With a passkey nothing is left to do here, which Keycloak takes for a failure.
                        Step("REQUIRED", "allow-access-authenticator"),
                    ),
                ),
            ),
        ),
    ),
)

PAPER = Flow(
    "tsumugi paper",
    "Identity has linked every guardian's user to the account that a code on paper stands for; nobody else gets in",
    (Step("REQUIRED", "deny-access-authenticator"),),
)

FLOWS = (BROWSER, PAPER)

ACTIONS = {
    "CONFIGURE_TOTP": True,
    "UPDATE_PASSWORD": True,
    "webauthn-register-passwordless": True,
    # Names, addresses and languages are registry's and messaging's; what is not here nobody can be asked for.
    "UPDATE_PROFILE": False,
    "VERIFY_PROFILE": False,
    "VERIFY_EMAIL": False,
    "UPDATE_EMAIL": False,
    "TERMS_AND_CONDITIONS": False,
    "delete_account": False,
    "update_user_locale": False,
    "CONFIGURE_RECOVERY_AUTHN_CODES": False,
    "webauthn-register": False,
}
"""What a user may be told to do, or ask to do: whether it is on."""
