"""A running installation and the people of its gyms: what journeys and faults are told with."""
