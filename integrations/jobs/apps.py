"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "integrations.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from integrations.connections.signals import noticed, ready, released
        from integrations.jobs import grants, kinds, panels, retention, schedules, telling  # noqa: F401
        from integrations.jobs.signals import left

        schedules.register(retention.NAME, every=retention.EVERY, run=retention.forget_the_old)
        schedules.register(retention.CALLS_NAME, every=retention.CALLS_EVERY, run=retention.forget_old_calls)
        schedules.register("jobs.turns", every=grants.OFTEN, run=grants.call_whose_turn_it_is)
        schedules.register("jobs.lost_answers", every=grants.NOW_AND_THEN, run=grants.explain_lost_answers)
        schedules.register("jobs.deaths", every=grants.NOW_AND_THEN, run=grants.say_which_died)
        schedules.register("jobs.keep_alive", every=grants.NOW_AND_THEN, run=grants.keep_alive_what_is_ripe)
        schedules.register("jobs.setbacks", every=grants.NOW_AND_THEN, run=grants.say_which_fail)
        schedules.register("jobs.telling", every=grants.NOW_AND_THEN, run=telling.tell_what_waits)
        kinds.register(
            grants.KEEP_ALIVE,
            label="Keep a grant alive",
            advance=grants.advance,
            of_connection=True,
            pausable=False,
        )
        kinds.register(
            telling.KIND, label="Tell people about connections", advance=telling.advance, pausable=False
        )
        noticed.connect(telling.on_noticed, dispatch_uid="jobs.noticed")
        ready.connect(grants.on_ready, dispatch_uid="jobs.ready")
        released.connect(grants.on_released, dispatch_uid="jobs.released")
        left.connect(grants.on_left, dispatch_uid="jobs.left")
