"""The decoder as an hls4ml project: written, compiled with g++, and built by the vendor's tool.

Importing this package does not import hls4ml; that happens inside the functions that need it.
"""

from aegru_hw.hls.firmware import Firmware
from aegru_hw.hls.options import Options, check_options
from aegru_hw.hls.project import HlsProject, write_project
from aegru_hw.hls.vendor import VendorReport, require_vendor, run_vendor

__all__ = [
    "Firmware",
    "HlsProject",
    "Options",
    "VendorReport",
    "check_options",
    "require_vendor",
    "run_vendor",
    "write_project",
]
