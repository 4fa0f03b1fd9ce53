"""tqdm that also reports: ``from job_progress.tqdm import tqdm`` instead of ``from tqdm import tqdm``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tqdm.std import tqdm as _tqdm

from ._reporting import Reporting

__all__ = ["tqdm", "trange"]

_T = TypeVar("_T")

if TYPE_CHECKING:

    class tqdm(_tqdm[_T]):  # noqa: N801  the name of what it replaces
        """A progress bar that is also the progress of the current job.

        >>> for row in tqdm(rows):
        ...     load(row)
        """

else:

    class tqdm(Reporting, _tqdm):  # noqa: N801
        """A progress bar that is also the progress of the current job.

        >>> for row in tqdm(rows):
        ...     load(row)
        """


def trange(*args: int, **options: Any) -> tqdm[int]:
    """The same as ``tqdm(range(*args), **options)``."""
    return tqdm(range(*args), **options)
