"""What a sync job remembers between two steps: a part for each connection, and the counts."""

from dataclasses import dataclass, field
from typing import Any, Self

from integrations.jobs.run import Run


@dataclass
class Progress:
    """The cursor of a sync. ``legs`` holds one part a connection, by its id."""

    full: bool = False
    legs: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    total: int = 0

    @classmethod
    def of(cls, run: Run) -> Self:
        """As the last checkpoint left it."""
        stored = run.cursor
        return cls(
            full=bool((run.job.arguments or {}).get("full")),
            legs=dict(stored.get("legs", {})),
            done=int(stored.get("done", 0)),
            failed=int(stored.get("failed", 0)),
            total=int(stored.get("total", 0)),
        )

    def save(self, run: Run) -> None:
        """Write it under the job's fence, in the caller's transaction."""
        run.checkpoint(
            cursor={"legs": self.legs, "done": self.done, "failed": self.failed, "total": self.total},
            done=self.done,
            failed=self.failed,
            total=max(self.total, self.done) or None,
        )
