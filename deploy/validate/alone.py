"""A shipped configuration of the bus, changed so that one server runs it on this machine."""

import json
import re
from pathlib import Path


def alone(config: str, port: int, monitor: int, store: Path) -> str:
    """The shipped configuration on loopback and without the other servers."""
    text = without_tls(config.replace("$POD_NAME", "nats-0"))
    text = re.sub(r"cluster \{.*?\n\}\n", "", text, flags=re.S)
    for shipped, here in (
        ("0.0.0.0:4222", f"127.0.0.1:{port}"),
        ("0.0.0.0:8222", f"127.0.0.1:{monitor}"),
        ('"/data"', json.dumps(str(store))),
    ):
        text = text.replace(shipped, here)
    return text


def without_tls(config: str) -> str:
    """The same rights without certificates, which tests/component/messaging/test_tls.py tries."""
    return re.sub(r"^( *)tls \{.*?^\1\}\n", "", config, flags=re.S | re.M)
