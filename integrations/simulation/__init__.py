"""A simulation of the token scheduler on a virtual clock, compared with a policy that has no scheduler.

`scenario` generates the connections and events, `token_server` answers token requests, and `engine` advances the time.
`portal_policy` and `naive_policy` decide who requests a token when. The portal's policy calls the functions that run in
production, `scheduler.plan`, `queue.merge_by_connection`, and `backoff`. What the ledger and the worker do with database
rows and clocks is done in memory.
"""
