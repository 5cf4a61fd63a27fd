"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "integrations.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from integrations.connections.signals import noticed, ready, released
        from integrations.jobs import kinds, notices, panels, retention, schedules, token_waits  # noqa: F401
        from integrations.jobs.signals import left

        schedules.register(retention.NAME, every=retention.EVERY, run=retention.forget_the_old)
        schedules.register(retention.CALLS_NAME, every=retention.CALLS_EVERY, run=retention.forget_old_calls)
        schedules.register("jobs.turns", every=token_waits.OFTEN, run=token_waits.call_whose_turn_it_is)
        schedules.register(
            "jobs.lost_answers", every=token_waits.NOW_AND_THEN, run=token_waits.explain_lost_answers
        )
        schedules.register("jobs.deaths", every=token_waits.NOW_AND_THEN, run=token_waits.say_which_died)
        schedules.register(
            "jobs.keep_alive", every=token_waits.NOW_AND_THEN, run=token_waits.keep_alive_what_is_ripe
        )
        schedules.register("jobs.setbacks", every=token_waits.NOW_AND_THEN, run=token_waits.say_which_fail)
        schedules.register("jobs.telling", every=token_waits.NOW_AND_THEN, run=notices.tell_what_waits)
        kinds.register(
            token_waits.KEEP_ALIVE,
            label="Keep a grant alive",
            advance=token_waits.advance,
            of_connection=True,
            pausable=False,
        )
        kinds.register(
            notices.KIND, label="Tell people about connections", advance=notices.advance, pausable=False
        )
        noticed.connect(notices.on_noticed, dispatch_uid="jobs.noticed")
        ready.connect(token_waits.on_ready, dispatch_uid="jobs.ready")
        released.connect(token_waits.on_released, dispatch_uid="jobs.released")
        left.connect(token_waits.on_left, dispatch_uid="jobs.left")
