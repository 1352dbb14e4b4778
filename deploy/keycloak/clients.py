"""Clients of the realm and what their tokens may be for (pure).

A token's audience comes from a client scope of the audience's name, which a client has only if the topology says that
it needs it; it asks for one at a time, so that ``aud`` is exactly one service. Whoever asks for a scope that is not
its own is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deploy.topology import Topology
from shared.access.principal import COMMAND_LINE, COMMAND_LINE_BACK, NO_BOARD, ONEROSTER_SCOPES
from shared.access.tokens import ALGORITHM

Json = dict[str, Any]

CLAIMS = "tsumugi"
"""The client scope with everything that our tokens say of their bearer."""
KAFKA = "kafka"
KAFKA_ADMIN = "kafka-admin"
IDENTITY_ADMIN = "identity-admin"
DASHBOARD = "dashboard"
ATTRIBUTES = ("account", "board", "person", "kind")
"""What the realm knows of a user besides the sign-in name: one user an account and kind."""
ADMIN_ROLES = {IDENTITY_ADMIN: ("query-clients", "query-users")}
"""Roles of the Admin API, by client: identity may ask; what it may see and change is said in permissions.py."""


def scopes(topology: Topology) -> list[Json]:
    """The client scopes: one that says who it is, and one for each audience."""
    return [
        _claims(),
        *(_audience(name) for name in (*topology.services, KAFKA)),
        *(_scope(name, [], shown=True) for name in ONEROSTER_SCOPES),
    ]


def clients(topology: Topology, origin: str, dashboard: str, secrets: Mapping[str, str]) -> list[Json]:
    """All clients. ``origin`` is the browser's address, ``dashboard`` the one at which Keycloak reaches the service.

    Departments and learning apps are not among them: identity's grants say which there are.
    """
    made = [
        _client(service, secrets, audiences(topology, service), serviceAccountsEnabled=True)
        for service in topology.services
    ]
    for each in made:
        if each["clientId"] == DASHBOARD:
            _signs_people_in(each, origin, dashboard)
    return [
        *made,
        _client(KAFKA_ADMIN, secrets, [KAFKA], serviceAccountsEnabled=True),
        _client(IDENTITY_ADMIN, secrets, [], serviceAccountsEnabled=True)
        # Its roles are its service account's; nobody signs in through it.
        | {"fullScopeAllowed": True},
        _hands_people_tokens(_client(COMMAND_LINE, secrets, sorted(topology.services))),
    ]


def audiences(topology: Topology, service: str) -> list[str]:
    """What a service's own tokens, and those it exchanges for its users, may be for."""
    publishers = {publisher for publisher in topology.services if topology.read_by(service, publisher)}
    on_behalf = set(topology.services) if service == DASHBOARD else set()
    return sorted(publishers | on_behalf | {KAFKA})


def service_accounts(topology: Topology) -> dict[str, Mapping[str, str]]:
    """Client id → attributes of its service account, from which its tokens' claims come."""
    ids = [*topology.services, KAFKA_ADMIN]
    return {id: {"account": id, "kind": "service", "board": str(NO_BOARD)} for id in ids}


def _client(id: str, secrets: Mapping[str, str], optional: Iterable[str], **flags: bool) -> Json:
    return {
        "clientId": id,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "secret": secrets[id],
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "consentRequired": False,
        "fullScopeAllowed": False,
        "frontchannelLogout": False,
        "redirectUris": [],
        "webOrigins": [],
        "defaultClientScopes": [CLAIMS],
        "optionalClientScopes": sorted(optional),
        "attributes": {
            "access.token.header.type.rfc9068": "true",
            "access.token.signed.response.alg": ALGORITHM,
            "id.token.signed.response.alg": ALGORITHM,
            "client_credentials.use_refresh_token": "false",
            "standard.token.exchange.enabled": "false",
            "oauth2.device.authorization.grant.enabled": "false",
            "oidc.ciba.grant.enabled": "false",
        },
        **flags,
    }


def _signs_people_in(client: Json, origin: str, dashboard: str) -> None:
    client |= {"standardFlowEnabled": True, "redirectUris": [f"{origin}/auth/callback"]}
    client["attributes"] |= {
        "pkce.code.challenge.method": "S256",
        "use.refresh.tokens": "true",
        "standard.token.exchange.enabled": "true",
        "standard.token.exchange.enableRefreshRequestedTokenType": "NO",
        "backchannel.logout.url": f"{dashboard}/auth/backchannel-logout",
        "backchannel.logout.session.required": "true",
        "backchannel.logout.revoke.offline.tokens": "false",
        "post.logout.redirect.uris": f"{origin}/",
    }


def _hands_people_tokens(client: Json) -> Json:
    """`tsumugi token`: a person signs in, and the code comes to whoever has the deployment's secrets, on the machine
    where the browser is. Nothing that outlives the one token is given out, and the client acts for nobody else."""
    client |= {"standardFlowEnabled": True, "redirectUris": [COMMAND_LINE_BACK]}
    client["attributes"] |= {"pkce.code.challenge.method": "S256", "use.refresh.tokens": "false"}
    return client


def _claims() -> Json:
    return _scope(
        CLAIMS,
        [
            # `sub` is the account: the realm's own number of a user would change when it is made anew.
            _mapper("sub", "oidc-usermodel-attribute-mapper", _attribute("account", "sub")),
            *(
                _mapper(name, "oidc-usermodel-attribute-mapper", _attribute(name, name))
                for name in ("board", "person", "kind")
            ),
            _mapper("acr", "oidc-acr-mapper", {}),
            # An exchanged token has `acr` 1 whatever the sign-in was (26.7); the session's levels stand in every one.
            _mapper(
                "loa",
                "oidc-usersessionmodel-note-mapper",
                {"user.session.note": "loa-map", "claim.name": "loa", "jsonType.label": "JSON"},
            ),
            _mapper(
                "auth_time",
                "oidc-usersessionmodel-note-mapper",
                {"user.session.note": "AUTH_TIME", "claim.name": "auth_time", "jsonType.label": "long"},
            ),
        ],
    )


def _audience(name: str) -> Json:
    config = {"included.custom.audience": name, "id.token.claim": "false"}
    return _scope(name, [_mapper("audience", "oidc-audience-mapper", config)])


def _scope(name: str, mappers: list[Json], *, shown: bool = False) -> Json:
    # `scope` in a token is for learning apps alone.
    told = {"include.in.token.scope": "true" if shown else "false", "display.on.consent.screen": "false"}
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": told,
        "protocolMappers": mappers,
    }


def _attribute(attribute: str, claim: str) -> dict[str, str]:
    return {"user.attribute": attribute, "claim.name": claim, "jsonType.label": "String"}


def _mapper(name: str, kind: str, config: Mapping[str, str]) -> Json:
    told = {
        "access.token.claim": "true",
        "id.token.claim": "true",
        "userinfo.token.claim": "false",
        "introspection.token.claim": "true",
        **config,
    }
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": told}
