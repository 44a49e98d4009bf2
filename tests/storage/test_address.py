"""Addresses of databases."""

import sys

import pytest

from aegru_hw.errors import UserError
from aegru_hw.storage import SharedStudy
from aegru_hw.storage.address import storage_errors, with_driver


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://me:p%40ss@host:5/db?x=1", "postgresql+psycopg://me:p%40ss@host:5/db?x=1"),
        ("postgres://host/db", "postgresql+psycopg://host/db"),
        ("postgresql+pg8000://host/db", "postgresql+pg8000://host/db"),
        ("sqlite:///study.db", "sqlite:///study.db"),
    ],
)
def test_the_driver_of_an_address(address, expected) -> None:
    assert with_driver(address) == expected


def test_a_driver_that_is_not_installed_is_named_with_its_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    address = "postgresql://me:secret@127.0.0.1:1/study"
    with pytest.raises(UserError) as caught, storage_errors(address):
        SharedStudy.open(address, "study", ["maximize"])
    assert str(caught.value) == (
        "storage postgresql://me:***@127.0.0.1:1/study needs psycopg, which is not installed: "
        "pip install 'aegru-hw[postgresql]'"
    )


def test_without_optuna(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    says = r"needs optuna, .* pip install 'aegru-hw\[sweep\]'"
    with pytest.raises(UserError, match=says), storage_errors("sqlite:///study.db"):
        raise AssertionError("not reached")
