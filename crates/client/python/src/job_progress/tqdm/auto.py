"""``tqdm.auto`` that also reports: a widget in a notebook, a bar of text elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tqdm.auto import tqdm as _tqdm

from ._reporting import Reporting

__all__ = ["tqdm", "trange"]

_T = TypeVar("_T")

if TYPE_CHECKING:

    class tqdm(_tqdm[_T]):  # noqa: N801  the name of what it replaces
        """A progress bar that is also the progress of the current job."""

else:

    class tqdm(Reporting, _tqdm):  # noqa: N801
        """A progress bar that is also the progress of the current job."""


def trange(*args: int, **options: Any) -> tqdm[int]:
    """The same as ``tqdm(range(*args), **options)``."""
    return tqdm(range(*args), **options)
