"""The configuration of nats-server: what it stands on, and everybody's rights as it reads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

from deploy.local.rights import May, local_users


def configuration(port: int, monitor_port: int, store: Path, passwords: Mapping[str, str]) -> str:
    """The config file's text. Listens on 127.0.0.1; an acknowledged message is on disk."""
    written = {name: json.dumps(password) for name, password in passwords.items()}
    return f"""\
server_name: back2back
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor_port}
max_payload: 1MB
max_pending: 64MB
ping_interval: 5s
ping_max: 2
lame_duck_duration: 30s
jetstream {{
  store_dir: {json.dumps(str(store))}
  sync_interval: always
}}
{accounts(written)}"""


def accounts(passwords: Mapping[str, str]) -> str:
    """The part of a config file that says who there is and what each may do, on any server.

    ``passwords``: user -> how its password is written in the file, quoted or a ``$VARIABLE``.
    """
    people = ",\n".join(
        _user(name, passwords[name], may)
        for name, may in local_users().items()
        if name in passwords
    )
    return f"""\
accounts {{
  B2B {{
    jetstream: enabled
    users: [
{indent(people, "      ")}
    ]
  }}
  SYS {{}}
}}
system_account: SYS
"""


def _user(name: str, password: str, may: May) -> str:
    permissions: dict[str, object] = {
        "publish": {"allow": list(may.publish), "deny": list(may.never)},
        "subscribe": [*may.subscribe, f"_INBOX.{name}.>"],
    }
    if may.replies:
        permissions["allow_responses"] = {"max": 1, "expires": "1m"}
    rights = json.dumps(permissions, indent=2)  # the config format reads JSON
    return f"{{ user: {name}, password: {password}, permissions: {rights} }}"
