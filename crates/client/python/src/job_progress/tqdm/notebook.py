"""``tqdm.notebook`` that also reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tqdm.notebook import tqdm_notebook as _tqdm

from ._reporting import Reporting

__all__ = ["tqdm", "trange"]

_T = TypeVar("_T")

if TYPE_CHECKING:

    class tqdm(_tqdm[_T]):  # noqa: N801  the name of what it replaces
        """A widget that is also the progress of the current job."""

else:

    class tqdm(Reporting, _tqdm):  # noqa: N801
        """A widget that is also the progress of the current job."""


def trange(*args: int, **options: Any) -> tqdm[int]:
    """The same as ``tqdm(range(*args), **options)``."""
    return tqdm(range(*args), **options)
