"""The contract of a dialect: the interface between the core and one server product."""
