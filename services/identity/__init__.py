"""identity (統合ID): accounts, the embedded edition's issuer of tokens, purposes of departments."""
