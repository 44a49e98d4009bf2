"""Work that many machines share through a database."""

from aegru_hw.storage.address import storage_errors
from aegru_hw.storage.study import HEARTBEAT, Direction, SharedStudy
from aegru_hw.storage.trials import Claim, State

__all__ = ["HEARTBEAT", "Claim", "Direction", "SharedStudy", "State", "storage_errors"]
