"""Real-time priority: a tick is decoded before whatever else the machine has to do."""

import os

from aegru_hw.errors import UserError

PRIORITY = 10
"""Of SCHED_FIFO, 1 to 99; the system's own threads are above it."""


def take_realtime_priority() -> None:
    """Give this thread, and those that it starts from now on, real-time priority.

    Raises UserError where the system has none, or does not let this user have it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except AttributeError:
        raise UserError("--realtime: this system has no SCHED_FIFO") from None
    except OSError as error:
        raise UserError(
            f"--realtime: {error.strerror}; `ulimit -r {PRIORITY}` has to be allowed to this user "
            "(rtprio in /etc/security/limits.conf)"
        ) from None
