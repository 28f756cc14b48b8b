"""What may go wrong with a request to us, beside what the serving machinery knows."""

from gateway.serve.faults import Fault


class BadInput(Fault):
    """An argument does not say what it must; ``field`` names it."""

    code = "BAD_USER_INPUT"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", field=field)
        self.field = field
        self.reason = message


class Busy(Fault):
    """The service has too much to do right now; nothing was done, try again."""

    code = "BUSY"
    status = 503


class Failed(Fault):
    """The service could not carry it out; repeating with the same key is safe."""

    code = "INTERNAL"
    status = 500
