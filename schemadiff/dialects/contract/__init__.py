"""What a dialect must answer: the interface between the core and one server product."""
