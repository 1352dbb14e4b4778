"""What makes a broker of our own one that lets nobody do anything it was not told to.

Clients: TLS, and a token of the identity authority (SASL/OAUTHBEARER); whose it is says ``azp``. Controller and
brokers among themselves: TLS with a certificate from both sides. What a client may do says an ACL (deploy/kafka), and
where there is none it may do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.local.authority import Authority
from deploy.local.state import write_secret

AUDIENCE = "kafka"
ADMIN = "kafka-admin"
"""The client that `tsumugi kafka` works as."""
NODE = "kafka"
"""The name in the certificate of brokers and controllers."""
REAUTH_MS = 240_000
"""No connection lives longer on one token, however long that is good; ours are replaced before
(shared/events/kafka_access.py)."""
_LOGIN = "unsecuredLoginStringClaim_sub"
ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls"


@dataclass(frozen=True)
class Security:
    """Who vouches for whom. ``jwks_url``: where ``issuer`` publishes its signing keys."""

    authority: Authority
    issuer: str
    jwks_url: str
    broker_port: int
    """Where brokers talk to each other; one that is alone listens all the same."""
    reauth_ms: int = REAUTH_MS

    @property
    def java(self) -> list[str]:
        """What the virtual machine must be told: it fetches keys from nowhere else."""
        return [f"-D{ALLOWED_URLS}={self.jwks_url}"]

    def settings(self, home: Path, bind: str, port: int, controller_port: int) -> dict[str, str]:
        """The broker's properties. Its certificate is renewed at each start if need be."""
        certificate = self.authority.issue(NODE)
        store = home / "keystore.pem"
        write_secret(store, certificate.key.read_text("ascii") + certificate.chain.read_text("ascii"))
        trusted = str(self.authority.certificate)
        # Of the module's options only those of TLS are used, when keys are fetched. With any option Kafka also logs in
        # by itself, as a client it never is: nobody takes that token, which nobody has signed.
        options = f'ssl.truststore.type="PEM" ssl.truststore.location="{trusted}" {_LOGIN}="nobody"'
        return {
            "listeners": f"CLIENTS://{bind}:{port},BROKERS://{bind}:{self.broker_port},"
            f"CONTROLLER://{bind}:{controller_port}",
            "advertised.listeners": f"CLIENTS://localhost:{port},BROKERS://localhost:{self.broker_port}",
            "controller.quorum.voters": f"1@localhost:{controller_port}",
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,BROKERS:SSL,CONTROLLER:SSL",
            "inter.broker.listener.name": "BROKERS",
            "listener.name.brokers.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(store),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": trusted,
            "ssl.enabled.protocols": "TLSv1.3",
            "ssl.protocol": "TLSv1.3",
            "listener.name.clients.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.clients.oauthbearer.sasl.jaas.config": "org.apache.kafka.common.security.oauthbearer"
            f".OAuthBearerLoginModule required {options};",
            "listener.name.clients.oauthbearer.sasl.server.callback.handler.class": "org.apache.kafka.common.security"
            ".oauthbearer.OAuthBearerValidatorCallbackHandler",
            "connections.max.reauth.ms": str(self.reauth_ms),
            "sasl.oauthbearer.jwks.endpoint.url": self.jwks_url,
            "sasl.oauthbearer.expected.issuer": self.issuer,
            "sasl.oauthbearer.expected.audience": AUDIENCE,
            "sasl.oauthbearer.sub.claim.name": "azp",
            # Kafka wants a scope that is not empty and uses it for nothing; Keycloak's tokens have an empty one.
            "sasl.oauthbearer.scope.claim.name": "aud",
            "sasl.oauthbearer.clock.skew.seconds": "5",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{ADMIN};User:CN={NODE}",
        }
