"""The scheduler of tokens on a clock of its own, in an invented world; beside it what tools do that have none.

`world` draws who is connected and what happens, `vendor` answers token requests, `run` lets the time pass; `ours` and
`naive` decide who asks when. Ours asks the functions that serve, `scheduler.plan`, `queue.one_each` and
`backoff`; what the ledger and the worker do with rows and clocks, it keeps in memory.
"""
