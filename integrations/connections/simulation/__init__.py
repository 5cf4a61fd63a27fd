"""The scheduler of tokens on a clock of its own, in an invented world; beside it what tools do that have none.

`world` draws who is connected and what happens, `vendor` answers token requests, `run` lets the time pass; `ours` and
`naive` decide who asks when. Ours is `turns.plan` on demands as `demands` makes them: the very code that serves.
"""
