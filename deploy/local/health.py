"""Whether a process says it is ready."""

import asyncio

_ANSWER_WITHIN = 2.0  # seconds
_ASK_EVERY = 0.05  # seconds


async def until_ready(port: int) -> None:
    """Return when ``is_ready``, however long that takes."""
    while not await is_ready(port):  # noqa: ASYNC110 - another process: no event to wait for
        await asyncio.sleep(_ASK_EVERY)


async def is_ready(port: int) -> bool:
    """Whether ``/health/ready`` on 127.0.0.1 answers 200; no answer is no."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                request = (
                    "GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                )
                writer.write(request.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]
