"""The database servers under test: started when first asked for, shared by all workers, stopped at the end.

choice.py     which server serves for an engine      (pure)
private.py    the machine's own programs, started on a free loopback port in a temporary folder
keeper.py     the process that outlives pytest by a moment: it stops one server and removes its folder
container.py  Docker, through testcontainers
ready.py      the wait until a server answers, and the check that it is what it should be
fleet.py      all servers of a test run, also for the workers of pytest-xdist
databases.py  fresh databases on them
"""
