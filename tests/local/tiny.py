"""The smallest program the runner can keep: says it is ready, ends when told."""

import http.server
import os
import signal
import sys


class Ready(http.server.BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = os.environ.get("HEALTH_PORT") or os.environ["GATEWAY_PORT"]
    server = http.server.HTTPServer(("127.0.0.1", int(port)), Ready)
    print("serving", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
