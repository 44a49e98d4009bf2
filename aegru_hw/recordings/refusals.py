"""What it means that a server gives no file: whether to ask again, and one line for people."""

import json
from typing import Any

from aegru_hw.errors import UserError

ABSENT = (404, 410)
BUSY = (403, 408, 425, 429)
"""Answers below 500 that may be another a while later; Zenodo turns crowds away with 403 too."""

MAX_ANSWER_BYTES = 2**12
MAX_ANSWER_TEXT = 160


def retry_after(error: Exception) -> str | None:
    """Return the Retry-After header of the answer that an error holds; None without one."""
    response = getattr(error, "response", None)
    return None if response is None else response.headers.get("Retry-After")


def may_pass(error: Exception) -> bool:
    """Tell whether the same request may succeed a while later."""
    import requests

    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        return status >= 500 or status in BUSY
    if isinstance(error, requests.RequestException):
        return not isinstance(error, ValueError)  # as an address that is none is, twice
    return True


def message(response: Any) -> str | None:
    """Read the message of a refusal: a JSON object's "message", or the first line of plain text."""
    import requests

    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "text/plain"):
        return None
    try:
        content: bytes = next(response.iter_content(MAX_ANSWER_BYTES), b"")
        text = content.decode(errors="replace")
        if kind == "text/plain":
            return next((line.strip() for line in text.splitlines() if line.strip()), None)
        answer = json.loads(text)
    except (ValueError, RecursionError, requests.RequestException):
        return None
    said = answer.get("message") if isinstance(answer, dict) else None
    return said if isinstance(said, str) else None


def refusal(error: Exception, name: str, mirror: str, asked: float | None) -> UserError:
    """Return a failure in one line, with what the server said.

    name: the file, under the address `mirror`. asked: seconds that the server asks to be left
    alone, None where it asks for none.
    """
    import requests

    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        if status in ABSENT:
            return UserError(f"{mirror}/{name} answers {status}: there is no such recording")
        wish = "" if asked is None else f"; it asks to be left alone for {asked:.0f} s"
        return UserError(
            f"{mirror} refuses {name} for now or for good: {status} {_said(error.response)}{wish}"
        )
    if isinstance(error, requests.RequestException) and isinstance(error, ValueError):
        return UserError(f"{mirror} is not an address; http:// or https:// is needed")
    if isinstance(error, requests.ConnectionError):
        return UserError(
            f"cannot reach {mirror} ({_reason(error)}); --mirror BASE names another server"
        )
    if isinstance(error, requests.RequestException):
        return UserError(f"{name} could not be had whole from {mirror} ({_reason(error)})")
    return UserError(f"{name} from {mirror} is not what was published: {_first_line(error)}")


def _said(response: Any) -> str:
    """Return what a server says of its refusal: the message of its answer, else its reason."""
    said = getattr(response, "told", None) or response.reason or "without a reason"
    printable = "".join(letter for letter in str(said) if letter.isprintable())
    return printable[:MAX_ANSWER_TEXT]


def _reason(error: Exception) -> str:
    """Return what the innermost of nested network errors says."""
    inner: BaseException = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    return getattr(inner, "strerror", None) or _first_line(inner)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
