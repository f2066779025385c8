"""Settings of a run: defaults, sources and options. The lowest room beside `errors`.

defaults   how long a run waits unless it is told otherwise
options    the options of all commands, one row each
settings   options, environment, settings file and application -> one value
"""
