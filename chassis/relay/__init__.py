"""The way of events from a service's store to its stream.

``loop`` is the relay itself; ``store`` its end in Postgres, ``tail`` its end in JetStream,
``status`` what it shows of itself.
"""

from chassis.relay.loop import Relay

__all__ = ["Relay"]
