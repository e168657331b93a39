"""Tables of exact numbers: the data sets shipped with the package, and CSV files.

>>> table = load("longley")
>>> len(table), table.names[0]
(16, 'employment')
"""

from sgdmoments.data.embedded import available, load
from sgdmoments.data.reader import read_csv
from sgdmoments.data.table import Design, Table

__all__ = ["Design", "Table", "available", "load", "read_csv"]
