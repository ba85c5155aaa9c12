"""How `capture.toml`, the manifest of a capture, is read: TOML 1.0, with nothing in it but what a manifest can say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any, get_args

import cattrs

from aksparse.capture.model import MANIFEST, Address, Manifest, Network
from aksparse.errors import CaptureError

_converter = cattrs.Converter(forbid_extra_keys=True)


def _structure_union(union: Any, make: Callable[[str], object]) -> None:
    """Make the values of a union, or of the union with None: TOML has no null, so that None never has to be made."""
    _converter.register_structure_hook_func(
        lambda kind: set(get_args(kind)) - {type(None)} == set(get_args(union)),
        lambda value, _: make(_expect(str, value)),
    )


_structure_union(Address, ip_address)
_structure_union(Network, ip_network)
_converter.register_structure_hook(str, lambda value, _: _expect(str, value))
_converter.register_structure_hook(int, lambda value, _: _expect(int, value))
# A text is a sequence as well: `argv = "route -n"` would become one word per letter.
_converter.register_structure_hook_func(
    lambda kind: kind == tuple[str, ...],
    lambda value, _: tuple(_expect(str, word) for word in _expect(list, value)),
)
_converter.register_structure_hook(date, lambda value, _: _expect(date, value))


_KINDS: dict[type, str] = {str: "text", int: "a number"}


def _expect(kind: type, value: object) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"expected {_KINDS.get(kind, kind.__name__)}, found {value!r}")
    return value


def read_manifest(text: str, *, source: str = MANIFEST) -> Manifest:
    """Read the text of a `capture.toml`.

    Raises:
        CaptureError: it is not TOML, or says something that a manifest can't say.
    """
    try:
        return _converter.structure(tomllib.loads(text), Manifest)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line ([0-9]+)", str(error))
        raise CaptureError(source, str(error), int(line[1]) if line else None) from None
    except RecursionError:
        raise CaptureError(source, "is nested too deep") from None
    except ValueError as error:  # such as a number of thousands of digits
        raise CaptureError(source, str(error)) from None
    except cattrs.BaseValidationError as error:
        told = cattrs.transform_error(error, path="", format_exception=_format_exception)
        raise CaptureError(source, "; ".join(map(_in_table, told))) from None


def _in_table(told: str) -> str:
    """What is wrong and where, such as in `network`, as TOML names the place; the top of the file needs no name."""
    what, _, where = told.rpartition(" @ ")
    return f"{what} (in {where.lstrip('.')})" if where else what


def _format_exception(error: BaseException, kind: type | None) -> str:
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"unknown setting: {', '.join(sorted(error.extra_fields))}"
    if isinstance(error, KeyError):
        return f"missing setting: {error.args[0]}"
    return str(error) if isinstance(error, ValueError) else cattrs.v.format_exception(error, kind)
