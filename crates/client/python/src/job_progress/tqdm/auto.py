"""``tqdm.auto`` that also reports: a widget in a notebook, a bar of text elsewhere."""

from __future__ import annotations

from typing import Any

from tqdm.auto import tqdm as _tqdm

from ._reporting import Reporting

__all__ = ["tqdm", "trange"]


class tqdm(Reporting, _tqdm):  # type: ignore[type-arg, misc]  # noqa: N801  the name of what it replaces
    """A progress bar that is also the progress of the current job."""


def trange(*args: int, **options: Any) -> tqdm:
    """The same as ``tqdm(range(*args), **options)``."""
    return tqdm(range(*args), **options)
