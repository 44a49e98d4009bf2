"""The Python packages, found without importing them."""

from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from aegru_hw.needs.need import Finding, Need, too_old


def package(name: str, module: str, least: str | None = None) -> Finding:
    """Find a package by its name and its module; one below the least version has a problem."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        spec = None
    # A folder of that name without __init__.py gives a spec too, without a file.
    if spec is None or spec.origin is None:
        return Finding.missing(name)
    try:
        said: str | None = version(name)
    except PackageNotFoundError:
        said = None
    return Finding(name, True, said, str(Path(spec.origin).parent), too_old(said, least))


def _need(
    name: str, purpose: str, pip: str, module: str | None = None, least: str | None = None
) -> Need:
    return Need(name, purpose, None, pip, partial(package, name, module or name, least))


PACKAGES = (
    _need("torch", "trains the decoder", "aegru-hw[train]"),
    _need("brevitas", "trains the decoder in fixed point", "aegru-hw[train]"),
    _need("safetensors", "keeps the weights", "aegru-hw[train]"),
    _need(
        "scikit-learn",
        "fits the ridge that decoders are compared with",
        "aegru-hw[train]",
        "sklearn",
    ),
    _need("scipy", "makes recordings up, fits the Kalman filter", "aegru-hw[train]"),
    _need("pooch", "fetches published recordings", "aegru-hw[fetch]"),
    _need("requests", "fetches published recordings", "aegru-hw[fetch]"),
    _need("hls4ml", "writes the firmware", "aegru-hw[hls]"),
    _need("plotly", "draws the plots", "aegru-hw[report]", least="6.1"),
    _need("jinja2", "writes the report's page", "aegru-hw[report]"),
    _need("pyyaml", "reads the project that hls4ml writes", "aegru-hw[hls]", "yaml"),
    _need("cocotb", "runs the testbench", "aegru-hw[rtl]", least="2.1"),
    _need("cocotbext-axi", "drives the testbench's buses", "aegru-hw[rtl]", "cocotbext.axi"),
    _need("pynwb", "reads NWB files", "aegru-hw[nwb]", least="2.8"),
    _need("hdmf-zarr", "reads NWB in Zarr stores", "aegru-hw[nwb-zarr]", "hdmf_zarr", least="0.9"),
    _need("onnx", "writes the ONNX model", "aegru-hw[onnx]", least="1.16"),
    _need("onnxruntime", "runs the ONNX model", "aegru-hw[onnx]", least="1.18"),
    _need("spidev", "drives the SPI of Linux", "aegru-hw[spidev]"),
    _need("pyftdi", "drives FTDI chips", "aegru-hw[board]"),
    _need("pyserial", "drives serial ports", "aegru-hw[board]", "serial"),
    _need("pylsl", "reads and writes Lab Streaming Layer", "aegru-hw[live]", least="1.17"),
    _need("optuna", "searches settings", "aegru-hw[sweep]", least="4.9"),
    _need("keras", "trains the rival of `benchmark --peers`", "aegru-hw[peers]"),
    _need("hgq2", "trains the rival of `benchmark --peers`", "aegru-hw[peers]", "hgq"),
    _need("alkaid", "makes Verilog of the rival", "aegru-hw[peers]"),
    _need("psycopg", "shares work by PostgreSQL", "aegru-hw[postgresql]", least="3.1"),
)
