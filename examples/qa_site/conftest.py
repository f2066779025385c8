"""Databases of their own for the site's tests."""

pytest_plugins = ["schemadiff.testing.plugin"]
