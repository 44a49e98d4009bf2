"""The written project, compiled with g++ and run tick by tick through hls4ml's predict."""

import _ctypes
import ctypes
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedType, check_counts
from aegru_hw.hls.defines import parse_type, read_types
from aegru_hw.hls.graph import PROJECT_NAME
from aegru_hw.hls.options import Options, read_options
from aegru_hw.hls.precision import RESULT_TYPES
from aegru_hw.hls.project import BUILD_SCRIPT, CONFIG
from aegru_hw.hls.quiet import log_to
from aegru_hw.strict_json import read_json, write_json

if TYPE_CHECKING:
    from hls4ml.utils.link import FilesystemModelGraph

COMPILE_LOG = "compile.log"
PREDICT_LOG = "predict.log"
COMPILED = "compiled.json"


class Firmware:
    """The C++ firmware of a project that `write_project` wrote, in this run or an earlier one.

    count, velocity: types of a spike count and of a velocity code, as the project has them.
    Raises UserError where the folder holds no such project.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / CONFIG).is_file():
            raise UserError(
                f"no hls4ml project at {self.folder}; `aegru-hw synth RUN` writes RUN/hls"
            )
        types = read_types(self.folder)
        try:
            self.count = parse_type(types[RESULT_TYPES["counts"]]).codes
            self.velocity: FixedType = parse_type(types[RESULT_TYPES["readout"]]).codes
        except KeyError as missing:
            raise UserError(f"{self.folder} has no type {missing}; write it again") from None

    @property
    def is_compiled(self) -> bool:
        """Tell whether the library is that of the sources as they are, where they are.

        The library names its folder of weights, so a project that was moved must be compiled again.
        """
        try:
            record = read_json(self.folder / COMPILED, dict[str, str])
        except UserError:
            return False
        return record == self._record() and self._library().is_file()

    @property
    def options(self) -> Options:
        """The options that the project was written with; UserError where it does not say them."""
        return read_options(self.folder)

    @property
    def sources_digest(self) -> str:
        """SHA-256 of the sources by name and content, in hexadecimal, wherever they lie."""
        digest = hashlib.sha256()
        sources = sorted((self.folder / "firmware").rglob("*"))
        scripts = [self.folder / BUILD_SCRIPT, self.folder / f"{PROJECT_NAME}_bridge.cpp"]
        for path in scripts + sources:
            if path.is_file() and path.suffix != ".so":
                digest.update(f"{path.relative_to(self.folder).as_posix()}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def compile(self) -> None:
        """Compile the project with g++ through hls4ml, unless its library is up to date.

        What hls4ml and g++ say goes to compile.log in the folder.
        Raises UserError where a tool is missing or g++ refuses the project.
        """
        if self.is_compiled:
            return
        for tool in ("g++", "bash"):
            if shutil.which(tool) is None:
                raise UserError(f"compiling the firmware needs {tool}, which is not on PATH")
        (self.folder / COMPILED).unlink(missing_ok=True)
        log = self.folder / COMPILE_LOG
        with log_to(log):
            model = self._linked()
            try:
                model.config.backend.compile(model)
            except BaseException as failure:
                self._remove_objects()
                if not isinstance(failure, Exception):
                    raise  # an interruption
                raise UserError(f"g++ could not compile {self.folder}; see {log}") from None
        write_json(self._record(), self.folder / COMPILED)

    def predict(self, counts: NDArray[Any]) -> NDArray[np.int64]:
        """Return the velocity codes (T, 2) for spike counts (T, C), after silence.

        Each call starts fresh: the library, which keeps the state, is loaded anew from a copy.
        A count beyond the type of counts is handed over as the greatest count; the window count
        saturates all the same.
        Raises UserError where the project is not compiled, and as `check_counts` does.
        """
        if not self.is_compiled:
            raise UserError(f"{self.folder} is not compiled as it is now; compile it first")
        with log_to(self.folder / PREDICT_LOG):
            model = self._linked()
            channels = model.get_input_variables()[0].size()
            counts = check_counts(counts, channels)
            if not len(counts):
                return np.zeros((0, 2), dtype=np.int64)
            values = np.minimum(counts.astype(np.int64), self.count.max_code).astype(np.float64)
            with loaded_copy(self._library()) as library:
                model._top_function_lib = library
                velocity = model.predict(np.ascontiguousarray(values))
        # The values are codes times a power of two, exact in float64.
        return np.ldexp(velocity.reshape(-1, 2), self.velocity.fraction).astype(np.int64)

    def _linked(self) -> "FilesystemModelGraph":
        """Return hls4ml's model of the project, in the folder where the project is now."""
        from hls4ml.converters import link_existing_project

        model = link_existing_project(self.folder)
        model.config.config["OutputDir"] = str(self.folder)
        return model

    def _library(self) -> Path:
        libraries = sorted((self.folder / "firmware").glob(f"{PROJECT_NAME}-*.so"))
        return libraries[0] if libraries else self.folder / "firmware" / f"{PROJECT_NAME}.so"

    def _record(self) -> dict[str, str]:
        """Return what the library depends on: the place and the content of the sources."""
        return {"folder": str(self.folder), "sources_sha256": self.sources_digest}

    def _remove_objects(self) -> None:
        for path in (*self.folder.glob("*.o"), *(self.folder / "firmware").glob("*.so")):
            path.unlink()


@contextmanager
def loaded_copy(library: Path) -> Iterator[ctypes.CDLL]:
    """Load a copy of a shared library, so that its static state is new, and unload it after."""
    with tempfile.TemporaryDirectory(prefix="aegru_hw_") as folder:
        loaded = ctypes.CDLL(str(shutil.copy(library, folder)))
        try:
            yield loaded
        finally:
            _ctypes.dlclose(loaded._handle)
