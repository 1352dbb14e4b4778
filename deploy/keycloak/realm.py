"""The realm as it shall be (pure): policies, sessions, keys, sign-in pages, the provider of codes on paper."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from deploy.keycloak import clients
from deploy.keycloak.flows import ACTIONS, BROWSER, FLOWS, PAPER, Flow
from deploy.topology import Topology, topology
from shared.access.principal import COMMAND_LINE
from shared.access.tokens import ALGORITHM

Json = dict[str, Any]

REALM = "tsumugi"
THEME = "tsumugi"
PAPER_ALIAS = "paper"
PAPER_CLIENT = "keycloak"
"""What the realm is called as a client of identity's provider."""

TOKEN = timedelta(minutes=5)
IDLE = timedelta(hours=2)
WHOLE = timedelta(hours=12)
KEPT = timedelta(days=90)
"""A guardian's own device (docs/decisions/0017)."""
LOGIN = timedelta(minutes=10)
EVENTS = timedelta(days=365)
AGAIN = 2
"""How often a refresh token counts again when its answer was lost; never after one that was given for it was used."""

LANGUAGES = ("ja", "en", "es", "pt-BR", "vi", "zh-CN")
"""Of the pages' texts that Keycloak brings; the product's own words are Japanese."""


@dataclass(frozen=True)
class Place:
    """Where the deployment's parts are, and the secrets of its clients."""

    origin: str
    """The browser's address."""
    dashboard: str
    """Where Keycloak reaches the dashboard, to tell it that a sign-in is over."""
    paper: str
    """The issuer of codes on paper, as browsers see it."""
    paper_inside: str
    """The same, where Keycloak reaches it."""
    secret: Callable[[str], str] = field(repr=False)
    """Client id → secret."""


@dataclass(frozen=True)
class Realm:
    """Everything that is compared and mended. What is not named here is Keycloak's default, or identity's."""

    settings: Json
    profile: Json
    scopes: list[Json]
    clients: list[Json]
    service_accounts: Mapping[str, Mapping[str, str]]
    admin_roles: Mapping[str, tuple[str, ...]]
    providers: list[Json]
    flows: tuple[Flow, ...] = FLOWS
    actions: Mapping[str, bool] = field(default_factory=lambda: ACTIONS)


def realm(place: Place, services: Topology | None = None) -> Realm:
    """The realm of a deployment."""
    services = services or topology()
    ids = [*services.services, clients.KAFKA_ADMIN, clients.IDENTITY_ADMIN, COMMAND_LINE]
    secrets = {id: place.secret(id) for id in ids}
    return Realm(
        settings=_settings(),
        profile=_profile(),
        scopes=clients.scopes(services),
        clients=clients.clients(services, place.origin, place.dashboard, secrets),
        service_accounts=clients.service_accounts(services),
        admin_roles=clients.ADMIN_ROLES,
        providers=[_paper(place)],
    )


def _settings() -> Json:
    return {
        "enabled": True,
        "displayName": "紬（つむぎ）",
        "displayNameHtml": "紬（つむぎ）",
        "sslRequired": "external",
        "defaultSignatureAlgorithm": ALGORITHM,
        **_sessions(),
        **_sign_in(),
        **_passkeys(),
        **_brute_force(),
        **_events(),
        "loginTheme": THEME,
        "internationalizationEnabled": True,
        "supportedLocales": list(LANGUAGES),
        "defaultLocale": "ja",
        "browserSecurityHeaders": {
            "contentSecurityPolicy": "frame-src 'none'; frame-ancestors 'none'; object-src 'none'; base-uri 'none';",
            "xContentTypeOptions": "nosniff",
            "xFrameOptions": "DENY",
            "xRobotsTag": "none",
            "referrerPolicy": "no-referrer",
            "strictTransportSecurity": "max-age=31536000; includeSubDomains",
        },
        "attributes": {"acr.loa.map": json.dumps({"1": 1, "2": 2}, separators=(",", ":"))},
    }


def _sessions() -> Json:
    return {
        "accessTokenLifespan": _seconds(TOKEN),
        "accessCodeLifespan": 60,
        "accessCodeLifespanLogin": _seconds(LOGIN),
        "accessCodeLifespanUserAction": _seconds(LOGIN),
        "ssoSessionIdleTimeout": _seconds(IDLE),
        "ssoSessionMaxLifespan": _seconds(WHOLE),
        "rememberMe": True,
        "ssoSessionIdleTimeoutRememberMe": _seconds(KEPT),
        "ssoSessionMaxLifespanRememberMe": _seconds(KEPT),
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": AGAIN,
    }


def _sign_in() -> Json:
    return {
        "registrationAllowed": False,
        "registrationEmailAsUsername": False,
        "loginWithEmailAllowed": False,
        "duplicateEmailsAllowed": False,
        "editUsernameAllowed": False,
        # Nobody has verified an address: a forgotten password is the school office's to mend.
        "resetPasswordAllowed": False,
        "verifyEmail": False,
        "userManagedAccessAllowed": False,
        "adminPermissionsEnabled": True,
        "passwordPolicy": "length(12) and maxLength(128) and notUsername(undefined) and notContainsUsername(undefined)",
        "browserFlow": BROWSER.alias,
        "otpPolicyType": "totp",
        # What authenticator apps of every maker understand.
        "otpPolicyAlgorithm": "HmacSHA1",
        "otpPolicyDigits": 6,
        "otpPolicyPeriod": 30,
        "otpPolicyLookAheadWindow": 1,
        "otpPolicyCodeReusable": False,
    }


def _passkeys() -> Json:
    prefix = "webAuthnPolicyPasswordless"
    return {
        f"{prefix}RpEntityName": "紬（つむぎ）",
        f"{prefix}SignatureAlgorithms": ["ES256", "RS256"],
        f"{prefix}AttestationConveyancePreference": "none",
        f"{prefix}AuthenticatorAttachment": "not specified",
        f"{prefix}RequireResidentKey": "Yes",
        # This is what makes a passkey two factors: the device, and a finger or a number on it.
        f"{prefix}UserVerificationRequirement": "required",
        f"{prefix}PasskeysEnabled": True,
    }


def _brute_force() -> Json:
    return {
        "bruteForceProtected": True,
        "permanentLockout": False,
        "bruteForceStrategy": "MULTIPLE",
        "failureFactor": 10,
        "waitIncrementSeconds": 60,
        "maxFailureWaitSeconds": 900,
        "maxDeltaTimeSeconds": _seconds(WHOLE),
        "quickLoginCheckMilliSeconds": 500,
        "minimumQuickLoginWaitSeconds": 30,
    }


def _events() -> Json:
    return {
        "eventsEnabled": True,
        "eventsExpiration": _seconds(EVENTS),
        "eventsListeners": ["jboss-logging"],
        "enabledEventTypes": [
            *("LOGIN", "LOGIN_ERROR", "LOGOUT", "LOGOUT_ERROR", "CODE_TO_TOKEN_ERROR", "REFRESH_TOKEN_ERROR"),
            *("TOKEN_EXCHANGE_ERROR", "CLIENT_LOGIN_ERROR", "IDENTITY_PROVIDER_LOGIN"),
            *("IDENTITY_PROVIDER_LOGIN_ERROR", "UPDATE_CREDENTIAL", "REMOVE_CREDENTIAL"),
            *("UPDATE_CREDENTIAL_ERROR", "USER_DISABLED_BY_TEMPORARY_LOCKOUT"),
        ],
        "adminEventsEnabled": True,
        # What was sent holds people's sign-in names and clients' secrets.
        "adminEventsDetailsEnabled": False,
    }


def _profile() -> Json:
    def attribute(name: str, **more: Any) -> Json:
        return {
            "name": name,
            "permissions": {"view": ["admin"], "edit": ["admin"]},
            "multivalued": False,
            **more,
        }

    return {
        # What is not named here cannot be kept of anybody: names, addresses and the like are registry's.
        "attributes": [
            {
                "name": "username",
                "permissions": {"view": ["admin", "user"], "edit": ["admin"]},
                "multivalued": False,
                "validations": {"length": {"min": 3, "max": 128}},
            },
            attribute("email", validations={"email": {}, "length": {"max": 255}}),
            *(attribute(name, validations={"length": {"max": 64}}) for name in clients.ATTRIBUTES),
        ],
        "groups": [],
    }


def _paper(place: Place) -> Json:
    return {
        "alias": PAPER_ALIAS,
        "displayName": "学校からの紙のコード",
        "providerId": "oidc",
        "enabled": True,
        "trustEmail": False,
        "storeToken": False,
        "linkOnly": False,
        # Whoever has a sheet is led here by the product; on the page for everybody it would only be in the way.
        "hideOnLogin": True,
        "firstBrokerLoginFlowAlias": PAPER.alias,
        "config": {
            "issuer": place.paper,
            "authorizationUrl": f"{place.paper}/authorize",
            "tokenUrl": f"{place.paper_inside}/token",
            "jwksUrl": f"{place.paper_inside}/jwks",
            "useJwksUrl": "true",
            "validateSignature": "true",
            "clientId": PAPER_CLIENT,
            "clientSecret": place.secret(PAPER_CLIENT),
            "clientAuthMethod": "client_secret_basic",
            "defaultScope": "openid",
            "pkceEnabled": "true",
            "pkceMethod": "S256",
            "disableUserInfo": "true",
            "syncMode": "IMPORT",
        },
    }


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
