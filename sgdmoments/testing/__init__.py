"""What users need to test answers and code of their own: brute force, and Hypothesis strategies.

`sgdmoments.testing.strategies` needs the extra "test" and is imported only when asked for.
"""

from sgdmoments.testing.enumerate import enumerate_moment, outcomes
from sgdmoments.testing.laws import check_law
from sgdmoments.testing.models import check_model

__all__ = ["check_law", "check_model", "enumerate_moment", "outcomes"]
