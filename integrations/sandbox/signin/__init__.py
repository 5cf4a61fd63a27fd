"""Sign-in and OAuth: the authorize pages, the token endpoint, tokens and the credentials behind them."""
