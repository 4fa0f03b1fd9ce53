"""``tqdm.notebook`` that also reports."""

from __future__ import annotations

from typing import Any

from tqdm.notebook import tqdm_notebook as _tqdm

from ._reporting import Reporting

__all__ = ["tqdm", "trange"]


class tqdm(Reporting, _tqdm):  # type: ignore[type-arg, misc]  # noqa: N801  the name of what it replaces
    """A widget that is also the progress of the current job."""


def trange(*args: int, **options: Any) -> tqdm:
    """The same as ``tqdm(range(*args), **options)``."""
    return tqdm(range(*args), **options)
