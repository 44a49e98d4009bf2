"""Addresses of databases: their drivers, and one line for what is wrong with one."""

from collections.abc import Iterator
from contextlib import contextmanager

from aegru_hw.errors import UserError
from aegru_hw.needs.table import NEEDS

POSTGRESQL = ("postgres", "postgresql")
ACCEPTED = "an address such as sqlite:///study.db or postgresql://user@host/name is accepted"


def with_driver(address: str) -> str:
    """Return an address that names its driver where it is PostgreSQL's; others stay."""
    from sqlalchemy.engine import make_url

    url = make_url(address)
    if url.drivername not in POSTGRESQL:
        return address
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def is_sqlite(address: str) -> bool:
    """Tell whether an address is a file of SQLite's."""
    return address.startswith("sqlite")


def not_installed(what: str, module: str | None) -> UserError:
    """Return the error for a module that something needs."""
    need = NEEDS.get(module or "")
    extra = module if need is None else need.pip
    return UserError(f"{what} needs {module}, which is not installed: pip install '{extra}'")


@contextmanager
def storage_errors(address: str | None) -> Iterator[None]:
    """Say in one line, without its password, what is wrong with a database.

    address: None for a file that this program chose.
    """
    try:
        import optuna
    except ImportError as error:
        raise not_installed("a shared study", error.name) from None
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        cause = getattr(error, "orig", None) or error.__cause__ or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        raise UserError(f"storage {shown(address)} cannot be used: {reason}; {ACCEPTED}") from None


def shown(address: str | None) -> str:
    """Return an address for people: without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    if address is None:
        return "in the folder"
    try:
        return make_url(address).render_as_string()
    except SQLAlchemyError:
        return "the address given"
