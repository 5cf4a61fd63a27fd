"""How a connection gets access: user authorization, client credentials, and the checks that follow."""
