"""Events a reaction gave up on: look, try again, or drop."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import orjson
import typer
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NoAnswer
from nats.js.api import DeliverPolicy, RawStreamMsg
from nats.js.errors import NotFoundError
from rich.console import Console
from rich.table import Table

from chassis.streams import DEAD_LETTERS
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.trouble import Trouble

RETRY_WITHIN = 30.0  # seconds; longer than a reaction may take
LISTED = 1_000  # letters at once


Seqs = Annotated[list[int], typer.Argument(help="Numbers, as `list` shows them.")]

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Events a reaction gave up on.")


class Letter(NamedTuple):
    """One dead letter."""

    seq: int
    """Its number among the dead letters."""
    service: str
    consumer: str
    subject: str
    """Of the event."""
    error: str
    """The kind of the last failure."""
    body: bytes

    def told(self) -> dict[str, Any]:
        """The event, as JSON values; what cannot be read is shown as text."""
        try:
            known = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {"unreadable": self.body.decode(errors="replace")}
        return known if isinstance(known, dict) else {"unreadable": known}


@cli.command("list")
def list_command() -> None:
    """What lies there, oldest first."""
    table = Table("no", "service", "consumer", "event", "error")
    for each in asyncio.run(letters(Operator())):
        table.add_row(str(each.seq), each.service, each.consumer, each.subject, each.error)
    Console().print(table)


@cli.command("show")
def show_command(seq: int) -> None:
    """One of them, whole."""
    found = asyncio.run(letter(Operator(), seq))
    say(f"{found.subject} given up by {found.consumer} of {found.service}: {found.error}")
    Console().print_json(data=found.told())


@cli.command("retry")
def retry_command(seqs: Seqs) -> None:
    """Hand them to their reaction once more; what is done then is dropped."""
    if not asyncio.run(retry(Operator(), seqs, say)):
        raise typer.Exit(1)


@cli.command("drop")
def drop_command(seqs: Seqs) -> None:
    """Delete them; what they asked for will not happen."""
    asyncio.run(drop(Operator(), seqs))


async def letters(operator: Operator) -> list[Letter]:
    """The oldest first, at most ``LISTED``."""
    async with operator.nats() as client:
        jetstream = client.jetstream(timeout=5)
        state = (await jetstream.stream_info(DEAD_LETTERS)).state
        found: list[Letter] = []
        if not state.messages:
            return found
        reader = await jetstream.subscribe(
            "dlq.>", stream=DEAD_LETTERS, ordered_consumer=True, deliver_policy=DeliverPolicy.ALL
        )
        left = 1
        while left and len(found) < LISTED:
            message = await reader.next_msg(timeout=5)
            left = message.metadata.num_pending
            seq = message.metadata.sequence.stream
            found.append(_letter(seq, message.subject, message.headers, message.data))
        return found


async def letter(operator: Operator, seq: int) -> Letter:
    """Dead letter ``seq``. Raises ``Trouble`` when there is none."""
    async with operator.nats() as client:
        return await _read(client, seq)


async def retry(operator: Operator, seqs: list[int], line: Callable[[str], None]) -> bool:
    """Hand each letter to its reaction once more and drop it when done; whether all were.

    Raises ``Trouble`` for a letter that is not there.
    """
    all_done = True
    async with operator.nats() as client:
        for seq in seqs:
            trouble = await _retry(client, await _read(client, seq))
            if trouble is None:
                await client.jetstream(timeout=5).delete_msg(DEAD_LETTERS, seq)
            all_done = all_done and trouble is None
            line(f"{seq}: {trouble or 'done'}")
    return all_done


async def drop(operator: Operator, seqs: list[int]) -> None:
    """Delete letters. Raises ``Trouble`` for one that is not there."""
    async with operator.nats() as client:
        for seq in seqs:
            await _read(client, seq)
            await client.jetstream(timeout=5).delete_msg(DEAD_LETTERS, seq)


async def _retry(client: Client, dead: Letter) -> str | None:
    """Why it failed again; ``None`` when it is done."""
    subject = f"retry.{dead.service}.{dead.consumer}"
    try:
        answer = await client.request(subject, dead.body, timeout=RETRY_WITHIN)
    except NoRespondersError:
        return f"nobody serves {subject}: is {dead.service} running?"
    except NoAnswer:
        return f"no answer within {RETRY_WITHIN:.0f} s; it stays"
    error = orjson.loads(answer.data).get("error")
    return f"failed again: {error}" if error else None


async def _read(client: Client, seq: int) -> Letter:
    try:
        raw: RawStreamMsg = await client.jetstream(timeout=5).get_msg(DEAD_LETTERS, seq)
    except NotFoundError:
        raise Trouble(f"there is no dead letter {seq}") from None
    return _letter(seq, raw.subject or "", raw.headers, raw.data or b"")


def _letter(seq: int, subject: str, headers: dict[str, Any] | None, body: bytes) -> Letter:
    told = headers or {}
    _, service, consumer = subject.split(".", 2)
    error, event = told.get("Dlq-Error", ""), told.get("Dlq-Subject", "")
    return Letter(seq, service, consumer, event, error, body)
