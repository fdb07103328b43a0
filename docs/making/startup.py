"""How the pages' kernels show tables and figures."""

import pandas

pandas.set_option("display.precision", 3)
pandas.set_option("display.max_rows", 16)
pandas.set_option("display.max_colwidth", 80)
pandas.set_option("display.max_columns", 20)
pandas.set_option("display.width", 120)
