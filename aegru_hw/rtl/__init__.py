"""The RTL engine: memory images, schedule, compiled simulation; project.py writes its folder."""

from aegru_hw.rtl.engine import Engine, EngineRun
from aegru_hw.rtl.images import Image, memory_image
from aegru_hw.rtl.schedule import Schedule, schedule

__all__ = [
    "Engine",
    "EngineRun",
    "Image",
    "Schedule",
    "memory_image",
    "schedule",
]
