"""Journeys through the running system: real servers, real processes, GraphQL as the apps see it."""
