"""The tests; how they get their databases stands in conftest.py and servers/."""
