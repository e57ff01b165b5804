"""What dbt spends on each node without need: messages that nobody reads, and a search for garbage in the project."""

import atexit
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from dbt.events.logging import track_behavior_change_warn
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

UNREAD_LEVELS = (EventLevel.DEBUG, EventLevel.TEST)


@dataclass(frozen=True)
class Reader:
    """A callback of dbt that says which messages for debugging it reads; it gets those above all the same.

    Attributes:
        hear: Takes a message.
        names: The names of messages for debugging that it reads.
    """

    hear: Callable[[Any], None]
    names: frozenset[str]

    def __call__(self, message: Any) -> None:
        """Hand on a message."""
        self.hear(message)


class ReadMessages(EventManager):  # type: ignore[misc]  # dbt is not followed
    """dbt's manager of messages, without those for debugging where nobody reads them.

    dbt writes out some twenty such messages for each node, looks through all environment variables for secrets in each,
    and only then compares its level with that of each log. That is a sixth of the processor time of its nodes.
    """

    def __init__(self, manager: EventManager) -> None:
        """Take over the logs, callbacks and settings of dbt's own manager."""
        super().__init__()
        self.__dict__.update(manager.__dict__)

    def fire_event(self, event: BaseEvent, level: EventLevel | None = None, *rest: Any, **more: Any) -> None:
        """Hand on a message that a log or a callback reads."""
        if (level or event.level_tag()) not in UNREAD_LEVELS or self._is_read(type(event).__name__):
            super().fire_event(event, level, *rest, **more)

    def _is_read(self, name: str) -> bool:
        """Whether a log is at the level of debugging, or somebody asked for messages of that name or for all."""
        if any(log.level in UNREAD_LEVELS for log in self.loggers):
            return True
        # dbt's own callback, which is always there, waits for warnings.
        asked = [callback for callback in self.callbacks if callback is not track_behavior_change_warn]
        return any(not isinstance(callback, Reader) or name in callback.names for callback in asked)


def reduce_overhead() -> None:
    """Leave out what dbt does without need for the rest of this run; called when the project is parsed."""
    manager = get_event_manager()
    if not isinstance(manager, ReadMessages):
        ctx_set_event_manager(ReadMessages(manager))
    keep_project()


@cache
def keep_project() -> None:
    """Look for no garbage in what the process holds now; once, or garbage of its earlier runs would never be freed.

    The parsed project is a million objects that live until the end. To look for garbage among them takes a tenth of the
    processor time of a build's nodes.
    """
    gc.freeze()
    # `make build` leaves all search out until here.
    gc.enable()
    # DuckDB's module reports objects of its own that are never freed.
    atexit.register(gc.unfreeze)
