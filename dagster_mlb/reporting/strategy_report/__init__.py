"""The report on strategies: every strategy on every sample that the warehouse holds, beside the random side, in one
page and one table.

Reading is in ``build.py``; each section computes its figures from frames in a module of its own (``open_to_close``,
``chase``, ``jumps``, ``runs``, ``ladders``); ``findings.py`` says in words what the figures say, ``plots.py`` draws
them, ``page.py`` and ``terminal.py`` show them. No module here knows a figure beforehand: where a sample is absent its
section says so.
"""
