# Keycloak with our sign-in pages, built for PostgreSQL, so that it starts at once and on a read-only root.
ARG BASE=keycloak/keycloak:26.7.3
FROM ${BASE}
COPY deploy/keycloak/theme /opt/keycloak/themes
# As deploy/local/keycloak.py builds the native one: what nobody uses nobody can attack.
RUN /opt/keycloak/bin/kc.sh build --db=postgres --health-enabled=true --metrics-enabled=true \
      --features-disabled=admin,ciba,device-flow,identity-brokering-api,impersonation,kerberos,twitter-broker
USER 1000:0
