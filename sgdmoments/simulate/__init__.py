"""SGD simulated in JAX, and exact results checked against it (extra: jax).

The package is callable, as `sgdmoments.simulate` names both it and its main function:

>>> import sgdmoments.simulate
>>> sgdmoments.simulate.__call__.__doc__
'See `sgdmoments.simulate.estimate.simulate`.'
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Simulate(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See `sgdmoments.simulate.estimate.simulate`."""
        from sgdmoments.simulate.estimate import simulate

        return simulate(*arguments, **options)


sys.modules[__name__].__class__ = _Simulate
