"""The extra of this package that brings a module which an import did not find."""

EXTRAS: dict[str, tuple[str, str]] = {
    "alkaid": ("alkaid", "peers"),
    "brevitas": ("brevitas", "train"),
    "cocotb": ("cocotb", "rtl"),
    "cocotb_tools": ("cocotb", "rtl"),
    "cocotbext": ("cocotbext-axi", "rtl"),
    "ezmsg": ("ezmsg", "ezmsg"),
    "falcon_challenge": ("falcon-challenge", "falcon"),
    "hdmf_zarr": ("hdmf-zarr", "nwb-zarr"),
    "hgq": ("hgq2", "peers"),
    "hls4ml": ("hls4ml", "hls"),
    "jinja2": ("jinja2", "report"),
    "keras": ("keras", "peers"),
    "onnx": ("onnx", "onnx"),
    "onnxruntime": ("onnxruntime", "onnx"),
    "optuna": ("optuna", "sweep"),
    "plotly": ("plotly", "report"),
    "pooch": ("pooch", "fetch"),
    "psycopg": ("psycopg", "postgresql"),
    "pyftdi": ("pyftdi", "board"),
    "pylsl": ("pylsl", "live"),
    "pynwb": ("pynwb", "nwb"),
    "requests": ("requests", "fetch"),
    "safetensors": ("safetensors", "train"),
    "scipy": ("scipy", "train"),
    "serial": ("pyserial", "board"),
    "sklearn": ("scikit-learn", "train"),
    "spidev": ("spidev", "spidev"),
    "sqlalchemy": ("sqlalchemy", "sweep"),
    "torch": ("torch", "train"),
    "yaml": ("pyyaml", "hls"),
    "zarr": ("zarr", "nwb-zarr"),
}
"""By module, its distribution and the extra that brings it."""


def missing_module_text(module: str) -> str:
    """Return one line for a module that is not there: its package, and how to get it."""
    package, extra = EXTRAS.get(module.partition(".")[0], (module, None))
    how = "`aegru-hw doctor` says what is missing"
    return f"{package} is not installed; " + (
        how if extra is None else f'`pip install "aegru-hw[{extra}]"`'
    )
