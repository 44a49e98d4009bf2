import pytest

from aegru_hw.needs.need import Finding, Need, numbers_of, too_old


def need(debian, pip):
    return Need("thing", "does work", debian, pip, lambda: Finding.missing("thing"))


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("5.006", (5, 6)),
        ("5.48.0", (5, 48, 0)),
        ("2.13.0+cpu", (2, 13, 0)),
        ("0.11.1.0.post826", (0, 11, 1, 0)),
        ("garbage 5.1", ()),
        ("", ()),
    ],
)
def test_numbers_of(version, numbers):
    assert numbers_of(version) == numbers


@pytest.mark.parametrize("version", ["5.006", "5.035", "4.228", "garbage"])
def test_too_old(version):
    assert too_old(version, "5.036") == (f"version {version} is too old, 5.036 or later is wanted")


@pytest.mark.parametrize("version", ["5.036", "5.36.0", "5.048", "5.100", "6.0", None])
def test_not_too_old(version):
    assert too_old(version, "5.036") is None


@pytest.mark.parametrize(
    ("debian", "pip", "how"),
    [
        ("g++", None, "`apt-get install g++`"),
        (None, "aegru-hw[rtl]", '`pip install "aegru-hw[rtl]"`'),
        ("make", "make", "`apt-get install make` or `pip install make`"),
        (None, None, "install it from its maker and put it on PATH"),
    ],
)
def test_missing_text_is_one_line(debian, pip, how):
    text = need(debian, pip).missing_text()
    assert text == f"thing: it is not installed; it does work; {how}"


def test_missing_text_says_what_is_wrong():
    assert need("x", None).missing_text("it is green").startswith("thing: it is green; it does")
