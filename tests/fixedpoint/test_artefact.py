"""decoder.h5: what goes in comes out, and nothing damaged or hostile is believed."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import (
    FixedDecoder,
    FixedType,
    content,
    load_decoder,
    run_streaming_form,
    save_decoder,
)
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.soundness import arrays_of, types_of
from tests.fixedpoint.geometries import decoders, exact

DATASETS = [
    "encoder/bias",
    "encoder/weight",
    "input/bias",
    "input/weight",
    "labels/mean",
    "labels/scale",
    "norm/bias",
    "norm/rsqrt",
    "norm/scale",
    "readout/bias",
    "readout/weight",
    "recurrent/bias",
    "recurrent/weight",
    "startup/accumulator",
    "startup/states",
    "tables/feature",
    "tables/sigmoid",
    "tables/tanh",
]


def small(**options: Any) -> FixedDecoder:
    sizes = {"channels": 6, "latent": 5, "hidden": 4, "window": 3, "steps": 3}
    return random_decoder(1, **(sizes | options))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_decoder(small(), tmp_path / "decoder.h5")
    return tmp_path / "decoder.h5"


def refusal(path: Path) -> str:
    """Return the one line with which the loader refuses a file."""
    with pytest.raises(UserError) as caught:
        load_decoder(path)
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) < 300 + len(str(path))
    assert str(path) in line
    return line


def header_of(file: h5py.File) -> dict[str, Any]:
    return json.loads(bytes(file.attrs["header"]))


def write_header(file: h5py.File, header: dict[str, Any]) -> None:
    file.attrs["header"] = np.bytes_(json.dumps(header, sort_keys=True).encode())


def seal(file: h5py.File) -> None:
    """Make the checksum match, as whoever tampers on purpose would."""
    names: list[str] = []
    file.visititems(
        lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
    )
    arrays = {name: file[name][()] for name in names}
    file.attrs["sha256"] = np.bytes_(content.checksum(header_of(file), arrays))


def change_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the header and seal it."""
    with h5py.File(path, "r+") as file:
        header = header_of(file)
        change(header)
        write_header(file, header)
        seal(file)


def same(one: FixedDecoder, other: FixedDecoder) -> bool:
    arrays, others = arrays_of(one), arrays_of(other)
    return (
        one.geometry == other.geometry
        and types_of(one) == types_of(other)
        and one.provenance == other.provenance
        and arrays.keys() == others.keys()
        and all(np.array_equal(arrays[name], others[name]) for name in arrays)
        and (one.norm is None or one.norm.epsilon == other.norm.epsilon)
    )


@settings(exact, max_examples=30)
@given(decoders())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, decoder: FixedDecoder) -> None:
    path = tmp_path_factory.mktemp("round_trip") / "decoder.h5"
    save_decoder(decoder, path)
    loaded = load_decoder(path)
    assert same(loaded, decoder)
    counts = random_counts(1, 30, decoder.geometry.channels, rate=0.3)
    assert np.array_equal(
        run_streaming_form(loaded, counts).velocity, run_streaming_form(decoder, counts).velocity
    )


def test_provenance_round_trip(path: Path) -> None:
    provenance = {"r2": {"fixed": 0.7}, "name": "loco – tab\t", "seeds": [1, 2], "none": None}
    save_decoder(replace(small(), provenance=provenance), path)
    assert load_decoder(path).provenance == provenance


def test_narrow_arrays_are_written_as_int64(path: Path) -> None:
    decoder = small()
    narrow = replace(decoder.encoder, weight=decoder.encoder.weight.astype(np.int32))
    save_decoder(replace(decoder, encoder=narrow), path)
    assert same(load_decoder(path), decoder)


def test_the_layout_is_the_documented_one(path: Path) -> None:
    with h5py.File(path, "r") as file:
        assert set(file.attrs) == {"header", "sha256"}
        names: list[str] = []
        file.visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
    assert sorted(names) == DATASETS


# Saving


def test_a_failure_while_saving_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full_disk(path: Path, content: memoryview) -> None:
        with open(path, "wb") as file:
            file.write(content[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(UserError, match=r"cannot write .*decoder.h5: No space left"):
        save_decoder(small(spread=2.0), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def unsound_decoders() -> dict[str, FixedDecoder]:
    decoder = small()
    wide = replace(decoder.encoder, weight_type=FixedType(17, 7))
    weight = decoder.encoder.weight.copy()
    weight[0, 0] = 128
    assert decoder.norm is not None
    return {
        "encoder_weight": replace(decoder, encoder=wide),
        "encoder/weight has codes": replace(
            decoder, encoder=replace(decoder.encoder, weight=weight)
        ),
        "epsilon": replace(decoder, norm=replace(decoder.norm, epsilon=0)),
        "shape": replace(decoder, readout=decoder.recurrent),
        "LayerNorm's variance": replace(decoder, mixed_state=FixedType(24, 20), **large_hidden()),
        "header of": replace(decoder, provenance={"note": "x" * 60_000}),
        "its window is 0": replace(decoder, geometry=replace(decoder.geometry, window=0)),
        "history": replace(decoder, geometry=replace(decoder.geometry, window=2000)),
        "unsigned": replace(
            decoder, sigmoid=replace(decoder.sigmoid, output=FixedType(9, 8, signed=True))
        ),
    }


def large_hidden() -> dict[str, Any]:
    large = small(hidden=16)
    return {
        name: getattr(large, name) for name in ("geometry", "input", "recurrent", "readout", "norm")
    }


@pytest.mark.parametrize("message", list(unsound_decoders()))
def test_an_unsound_decoder_is_not_written(path: Path, message: str) -> None:
    before = path.read_bytes()
    with pytest.raises(UserError, match=message) as caught:
        save_decoder(unsound_decoders()[message], path)
    assert str(caught.value).isprintable()
    assert path.read_bytes() == before


# Damage


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no decoder at" in refusal(tmp_path / "decoder.h5")
    assert "no decoder at" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all\n" * 200, b"\x89HDF\r\n\x1a\n"])
def test_not_hdf5(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "cannot be read as HDF5" in refusal(path)


def test_a_pickle_is_not_run(path: Path) -> None:
    trace = path.parent / "trace"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (trace,)

    path.write_bytes(pickle.dumps(Hostile()))
    assert "cannot be read as HDF5" in refusal(path)
    with h5py.File(path, "w") as file:
        file["tables/feature"] = np.void(pickle.dumps(Hostile()))
        file.attrs["header"] = np.void(pickle.dumps(Hostile()))
    refusal(path)
    assert not trace.exists()


def test_another_hdf5_file(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = 1
    assert "no attribute 'header'" in refusal(path)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.999])
def test_truncated(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "cannot be read as HDF5" in refusal(path)


def test_flipped_bytes_are_refused_or_do_not_matter(path: Path) -> None:
    content, decoder = path.read_bytes(), small()
    refused: list[str] = []
    for position in range(0, len(content), 131):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        try:
            assert same(load_decoder(path), decoder)
        except UserError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all(line.isprintable() for line in refused)


@pytest.mark.parametrize("name", DATASETS)
def test_one_changed_bit_of_a_dataset(path: Path, name: str) -> None:
    with h5py.File(path, "r+") as file:
        bits = file[name][()].view(np.int64)
        bits.flat[-1] ^= 1
        file[name][...] = bits.view(file[name].dtype)
    assert "checksum" in refusal(path)


@pytest.mark.parametrize("name", DATASETS)
def test_a_missing_dataset(path: Path, name: str) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
    assert name in refusal(path)


@pytest.mark.parametrize("name", ["header", "sha256"])
def test_a_missing_attribute(path: Path, name: str) -> None:
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
    assert f"no attribute '{name}'" in refusal(path)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        np.zeros(3),
        np.void(b"abc"),
        "a text of variable length",
        np.array([b"one", b"two"]),
        np.bytes_(b"{"),
        np.bytes_(b"[" * 50_000),
        np.bytes_(b"\xff\xfe"),
        np.bytes_(b"9" * 5_000),
        np.bytes_(b"[1]"),
        np.bytes_(b"null"),
        h5py.Empty("S10"),
    ],
    ids=lambda value: f"{type(value).__name__}_{value!r:.20}",
)
@pytest.mark.parametrize("name", ["header", "sha256"])
def test_an_attribute_of_another_kind(path: Path, name: str, value: Any) -> None:
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
        file.attrs[name] = value
    refusal(path)


def test_an_attribute_is_measured_before_it_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h5py.File(path, "r+", libver="latest") as file:
        for name in file.attrs:
            del file.attrs[name]
    with h5py.File(path, "r+", libver="latest") as file:
        file.attrs.create("header", np.bytes_(b"x" * 60_001))
    monkeypatch.setattr(h5py.AttributeManager, "__getitem__", lambda *_: pytest.fail("read"))
    assert "longer than 60000 bytes" in refusal(path)


HEADER_CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "its format is not": lambda header: header.update(format="another"),
    "its schema version is 2": lambda header: header.update(schema_version=2),
    "its schema version is '1": lambda header: header.update(schema_version="1\n" * 1000),
    "its schema version is True": lambda header: header.update(schema_version=True),
    "its schema version is None": lambda header: header.pop("schema_version"),
    "its header lacks geometry": lambda header: header.pop("geometry"),
    "its header lacks types": lambda header: header.pop("types"),
    "its header has an unknown 'more": lambda header: header.update({"more\n": 1}),
    "its geometry is not": lambda header: header.update(geometry=[1, 2]),
    "its geometry lacks steps": lambda header: header["geometry"].pop("steps"),
    "its geometry has an unknown 'x'": lambda header: header["geometry"].update(x=1),
    "its channels is 0": lambda header: header["geometry"].update(channels=0),
    "its channels is -6": lambda header: header["geometry"].update(channels=-6),
    "its latent is 5.0": lambda header: header["geometry"].update(latent=5.0),
    "its hidden is True": lambda header: header["geometry"].update(hidden=True),
    "its hidden is 1000": lambda header: header["geometry"].update(hidden=10**40),
    "its window is '3'": lambda header: header["geometry"].update(window="3"),
    "its steps is 65": lambda header: header["geometry"].update(steps=65),
    "its history is 4098": lambda header: header["geometry"].update(window=1366),
    "its header is not JSON": lambda header: header["geometry"].update(tick_seconds=float("nan")),
    "its tick is 0.0": lambda header: header["geometry"].update(tick_seconds=0.0),
    "its tick is 1 ": lambda header: header["geometry"].update(tick_seconds=1),
    "encoder/weight is int64": lambda header: header["geometry"].update(channels=7),
    "startup/states is int64": lambda header: header["geometry"].update(steps=2),
    "start-up constants": lambda header: header["norm"].update(epsilon=10**9),
    "its types lacks state": lambda header: header["types"].pop("state"),
    "its types has an unknown": lambda header: header["types"].update({"\x1b[2J": [8, 5, True]}),
    "its types is not": lambda header: header.update(types=7),
    "its type state is [8]": lambda header: header["types"].update(state=[8]),
    "its type state is 8": lambda header: header["types"].update(state=8),
    "its type state is [8, 5, 1]": lambda header: header["types"].update(state=[8, 5, 1]),
    "its type state is [8.5": lambda header: header["types"].update(state=[8.5, 5, True]),
    "its type state is wrong": lambda header: header["types"].update(state=[0, 5, True]),
    "its type latent is wrong": lambda header: header["types"].update(latent=[8, 10**50, True]),
    "its type velocity is ap_fixed<25": lambda header: header["types"].update(
        velocity=[25, 5, True]
    ),
    "its type encoder_weight is ap_fixed<17": lambda header: header["types"].update(
        encoder_weight=[17, 7, True]
    ),
    "its type gate_address is ap_fixed<40": lambda header: header["types"].update(
        gate_address=[40, 6, True]
    ),
    "its type candidate_address is ap_fixed<1,": lambda header: header["types"].update(
        candidate_address=[1, 0, True]
    ),
    "its type gate_address is ap_ufixed": lambda header: header["types"].update(
        gate_address=[10, 6, False]
    ),
    "its type feature_address is ap_fixed": lambda header: header["types"].update(
        feature_address=[6, 0, True]
    ),
    "its window counts have a fraction": lambda header: header["types"].update(
        feature_address=[6, 1, False]
    ),
    "tables/tanh is int64": lambda header: header["types"].update(candidate_address=[9, 7, True]),
    "needs": lambda header: header["types"].update(recurrent_candidate=[14, 63, True]),
    "its weights need input_accumulator": lambda header: header["types"].update(
        input_accumulator=[30, 11, True]
    ),
    "tables/sigmoid has codes from 0 to 255": lambda header: header["types"].update(
        gate=[7, 8, False]
    ),
    "its norm is not": lambda header: header.update(norm=5),
    "its norm lacks epsilon": lambda header: header.update(norm={}),
    "LayerNorm's epsilon is 0": lambda header: header["norm"].update(epsilon=0),
    "LayerNorm's epsilon is 1.5": lambda header: header["norm"].update(epsilon=1.5),
    "LayerNorm's epsilon is 9999": lambda header: header["norm"].update(epsilon=10**30 - 1),
    "its provenance is not": lambda header: header.update(provenance="here"),
}


@pytest.mark.parametrize("message", HEADER_CHANGES)
def test_a_changed_header_with_a_matching_checksum(path: Path, message: str) -> None:
    change_header(path, HEADER_CHANGES[message])
    assert message in refusal(path)


def test_a_changed_header_without_its_checksum(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        header = header_of(file)
        header["provenance"]["seed"] = 2
        write_header(file, header)
    assert "checksum" in refusal(path)


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("encoder/weight", 128, "encoder/weight has codes from"),
        ("recurrent/weight", -129, "recurrent/weight has codes from -129"),
        ("input/weight", 2**62, "accumulator that is too wide"),
        ("readout/bias", 2**47, "readout/bias has codes"),
        ("input/bias", -(2**62), "accumulator that is too wide"),
        ("tables/feature", 128, "tables/feature has codes"),
        ("tables/sigmoid", -1, "tables/sigmoid has codes"),
        ("tables/tanh", -129, "tables/tanh has codes"),
        ("norm/scale", 128, "norm/scale has codes"),
        ("norm/bias", 2**47, "norm/bias has codes"),
        ("norm/rsqrt", 4096, "norm/rsqrt has codes"),
        ("labels/mean", np.nan, "label mean"),
        ("labels/scale", np.inf, "label scale"),
        ("labels/scale", 0.0, "label scale"),
        ("startup/states", 3, "start-up constants"),
        ("startup/accumulator", 10**6, "start-up constants"),
    ],
)
def test_a_code_out_of_range_with_a_matching_checksum(
    path: Path, name: str, code: float, message: str
) -> None:
    with h5py.File(path, "r+") as file:
        array = file[name][()]
        array.flat[0] = code
        file[name][...] = array
        seal(file)
    assert message in refusal(path)


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize(
    "kind", ["reshaped", "longer", "narrower", "swapped", "scalar", "empty", "group", "type"]
)
def test_a_dataset_of_another_shape_or_kind(path: Path, name: str, kind: str) -> None:
    with h5py.File(path, "r+") as file:
        array = file[name][()]
        del file[name]
        if kind == "group":
            file.create_group(name)
        elif kind == "type":
            file[name] = array.dtype
        elif kind == "empty":
            file[name] = h5py.Empty(array.dtype)
        else:
            file[name] = {
                "reshaped": array[None],
                "longer": np.concatenate([array, array]),
                "narrower": array.astype(array.dtype.str.replace("8", "4")),
                "swapped": array.astype(array.dtype.newbyteorder(">")),
                "scalar": array.flat[0],
            }[kind]
    assert name in refusal(path)


def test_an_object_dataset(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["tables/feature"]
        file.create_dataset("tables/feature", data=["x"] * 64, dtype=h5py.string_dtype())
    assert "tables/feature is object" in refusal(path)


@pytest.mark.parametrize("shape", [(2**40,), (2**31, 2**31)])
def test_a_huge_dataset_is_not_read(path: Path, shape: tuple[int, ...]) -> None:
    with h5py.File(path, "r+") as file:
        del file["encoder/weight"]
        file.create_dataset("encoder/weight", shape, np.int64, chunks=(1,) * len(shape))
    assert "encoder/weight is int64 of shape" in refusal(path)


def test_a_compressed_dataset_is_not_unpacked(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        array = file["encoder/weight"][()]
        del file["encoder/weight"]
        file.create_dataset(
            "encoder/weight", data=array, chunks=(5000, 5000), maxshape=(None, None),
            compression="gzip",
        )  # fmt: skip
    assert "not stored in one piece" in refusal(path)


@pytest.mark.parametrize("name", ["encoder/weight", "encoder"])
@pytest.mark.parametrize("link", ["soft", "external", "nothing"])
def test_a_link_is_not_followed(path: Path, name: str, link: str) -> None:
    """The content behind the link is right, so only the link itself can be what is refused."""
    other = path.with_name("other.h5")
    other.write_bytes(path.read_bytes())
    with h5py.File(path, "r+") as file:
        file.move(name, "moved")
        file[name] = {
            "soft": h5py.SoftLink("/moved"),
            "external": h5py.ExternalLink(other.name, name),
            "nothing": h5py.SoftLink("/nowhere"),
        }[link]
    assert f"it has no {name} of its own" in refusal(path)


def test_a_virtual_dataset_is_not_followed(path: Path) -> None:
    other = path.with_name("other.h5")
    other.write_bytes(path.read_bytes())
    with h5py.File(path, "r+") as file:
        layout = h5py.VirtualLayout(file["encoder/weight"].shape, np.int64)
        layout[...] = h5py.VirtualSource(other, "encoder/weight", layout.shape)
        del file["encoder/weight"]
        file.create_virtual_dataset("encoder/weight", layout)
    assert "not stored in one piece in this file" in refusal(path)


def test_external_storage_is_not_followed(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        array = file["encoder/weight"][()]
        del file["encoder/weight"]
        raw = path.with_name("raw")
        raw.write_bytes(array.tobytes())
        file.create_dataset(
            "encoder/weight", array.shape, array.dtype, external=[(str(raw), 0, array.nbytes)]
        )
    assert "not stored in one piece in this file" in refusal(path)


def test_a_decoder_without_norm_has_no_norm_arrays(tmp_path: Path) -> None:
    path = tmp_path / "decoder.h5"
    save_decoder(small(norm=False), path)
    with h5py.File(path, "r") as file:
        assert "norm" not in file
    assert load_decoder(path).norm is None
    change_header(path, lambda header: header.update(norm={"epsilon": 3}))
    assert "its types lacks norm" in refusal(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_a_provenance_that_json_has_not_is_refused(tmp_path: Path, value: object) -> None:
    decoder = replace(small(), provenance={"r2": value})
    with pytest.raises(UserError, match="its provenance is not JSON"):
        save_decoder(decoder, tmp_path / "decoder.h5")
    assert list(tmp_path.iterdir()) == []
