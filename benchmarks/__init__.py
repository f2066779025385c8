"""schemadiff beside Alembic: `make bench`.

__main__.py   what is measured in which sizes, the two tools by turns
child.py      one piece of work in a process of its own: imports and models first, then the clock
models.py     the models that are compared
floor.py      the least that reading them can cost: bulk queries, plain tuples
histories.py  the same history as schemadiff's files, as Alembic's, and as statements
latency.py    a proxy that makes a server as far away as one likes
writers.py    six changes on a large table, with a writer beside them
report.py     docs/benchmarks.md and its plot from the figures
"""
