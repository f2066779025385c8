"""How a statement is handed to the driver as it stands."""

VERBATIM = {"no_parameters": True}
"""For `Connection.exec_driver_sql`: the driver is handed no parameters, and so takes a percent sign as it stands."""
