"""How a connection gets its grant: consent, client credentials, verification, admission."""
