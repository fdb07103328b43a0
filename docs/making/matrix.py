"""Write docs/answers.md: ask every answer of every family and term again, which takes minutes.

Run ``python -m docs.making.matrix`` from the repository's root, or with ``page`` to write the page
from what was recorded.
"""

from __future__ import annotations

import sys

from tests.matrix import page, product

if __name__ == "__main__":
    if sys.argv[1:] != ["page"]:
        product.update()
        product.record.cache_clear()
    page.write()
