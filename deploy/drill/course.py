"""The drill from the first step to the last."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chassis.streams import CONTEXTS
from contracts.ids import read
from deploy.backup.fingerprint import Fingerprint
from deploy.backup.folder import Backup
from deploy.demo.seeding import Size
from deploy.drill import apps, life, proofs
from deploy.drill.apps import Screens
from deploy.drill.running import Running, until
from deploy.drill.steps import Failed, Say, Steps

ERASURES = "members.personal_data_erased"


@dataclass(frozen=True, slots=True)
class Before:
    """What there was when the quiet backup was taken."""

    moment: datetime
    held: Fingerprint
    screens: Screens
    newcomer: str
    """Id of a client who will ask to be erased."""


class Course:
    """Plays in ``folder``, which must be one an unprivileged Postgres may enter."""

    def __init__(self, folder: Path, size: Size, say: Say) -> None:
        self._size = size
        self._steps = Steps(say)
        self._quiet, self._busy = folder / "quiet", folder / "busy"
        self._folder = folder
        self._running = Running(folder / "first")

    async def run(self) -> None:
        """All of it. Raises ``Failed`` at the first difference."""
        try:
            before = await self._live()
            history = await self._go_on()
            await self._everything_is_lost(before)
            await self._is_older_than_the_streams(before)
            await self._was_taken_meanwhile(before, history)
        finally:
            await self._running.stop()
        self._steps.finish()

    async def _live(self) -> Before:
        running, step = self._running, self._steps.step
        with step(f"two gyms live {self._size.days} days") as told:
            running.set_clock(life.night())
            await running.start_servers()
            await running.start_processes()
            told.append(await life.live(running, self._size))
        with step("a moment at which nothing happens by itself") as told:
            newcomer = await apps.register(running.url)
            moment = await life.quiet_moment(running)
            told.append(f"{moment:%F %T} UTC by the processes' clock")
        with step("what they hold, and what their apps show") as told:
            seen = await apps.screens(running.url, moment)
            held = await proofs.taken(running)
            told += [str(proofs.Held.of(held)), f"{len(seen.shown)} screens"]
        with step("$ b2b backup take") as told:
            await running.b2b("backup", "take", str(self._quiet))
            told.append(f"{Backup.at(self._quiet).size / 1e6:.1f} MB")
        return Before(moment, held, seen, newcomer)

    async def _go_on(self) -> proofs.History:
        """The whole history there is when everything is lost."""
        with self._steps.step("people go on; $ b2b backup take, meanwhile") as told:
            told.append(await life.go_on(self._running, self._busy))
            return await proofs.history(self._running)

    async def _everything_is_lost(self, before: Before) -> None:
        step = self._steps.step
        with step("servers and processes are killed, all data deleted"):
            keys = self._running.keys
            await self._running.lose()
        with step("$ b2b backup restore: new passwords, keys from elsewhere") as told:
            running = await self._restored("second", keys, self._quiet)
            await running.start_servers()
            told.append(f"the same: {await proofs.must_be_same(running, before.held)}")
        with step("answers are forgotten, as after a week") as told:
            told.append(f"{await proofs.forget_answers(running)} answers")
        await self._comes_back(before)
        with step("$ b2b projections rebuild --all"):
            await running.b2b("projections", "rebuild", "--all")
            await proofs.must_be_same(running, before.held, lasting=True)
        await self._works(before)

    async def _is_older_than_the_streams(self, before: Before) -> None:
        step = self._steps.step
        with step("somebody is erased"):
            await self._erase(before.newcomer)
        with step("Postgres is lost, the streams are not; $ b2b backup restore"):
            ahead = await self._ahead()
            await self._running.stop()
            streams = self._running.put_streams_aside(self._folder / "streams")
            keys = self._running.keys
            await self._running.lose()
            running = await self._restored("third", keys, self._quiet)
            running.take_streams(streams)
            await running.start_servers()
        with step("relays, and nothing else, are started: they refuse") as told:
            running.begin_relays()
            for context in CONTEXTS:
                await self._relay_is(context, "refused" if context in ahead else "running")
            if not any("older than the stream" in line for line in running.said):
                raise Failed("no relay says that the store is older than the stream")
            told.append(f"{', '.join(ahead)} of {len(CONTEXTS)}")
        with step(f"$ b2b tail --until-now --type {ERASURES}"):
            said = await running.b2b("tail", "--until-now", "--type", ERASURES)
            if str(read("cli", before.newcomer)) not in said:
                raise Failed(f"{before.newcomer} is not named as one to be erased again: {said}")
        with step("$ b2b streams --anew: relays fill them again"):
            await running.b2b("streams", "--anew", "--yes")
            for context in CONTEXTS:
                await self._relay_is(context, "running")
            await running.stop_processes()
        await self._comes_back(before)
        with step("who had been erased is erased again"):
            await self._erase(before.newcomer)
        await self._works(before)

    async def _was_taken_meanwhile(self, before: Before, history: proofs.History) -> None:
        step = self._steps.step
        with step("everything is lost; the backup taken meanwhile comes back") as told:
            keys = self._running.keys
            await self._running.lose()
            running = await self._restored("fourth", keys, self._busy)
            await running.start_servers()
            there = await proofs.history(running)
            positions = Backup.at(self._busy).note.positions
            later = proofs.must_be_what_was(history, there, positions)
            told.append(f"all there was at its moment; {later} events came later")
        with step("processes start, streams are filled from Postgres"):
            await self._start(before.moment)
        await self._works(before)

    async def _restored(self, name: str, keys: str, backup: Path) -> Running:
        """Another installation, of the backup, nothing started yet."""
        running = Running.with_keys(self._folder / name, keys)
        await running.b2b("backup", "restore", str(backup))
        self._running = running
        return running

    async def _comes_back(self, before: Before) -> None:
        step = self._steps.step
        with step("processes start, streams are filled from Postgres"):
            await self._start(before.moment)
        with step("events and read models are the same") as told:
            held = await proofs.must_be_same(self._running, before.held, lasting=True)
            told.append(str(held))
        with step("apps show the same") as told:
            seen = await apps.screens(self._running.url, before.moment)
            proofs.must_be_equal(before.screens.differing(seen), "screens differ")
            told.append(f"{len(seen.shown)} screens")

    async def _start(self, moment: datetime) -> None:
        self._running.set_clock(moment)
        await self._running.start_processes()
        await life.everything_is_shown(self._running)

    async def _works(self, before: Before) -> None:
        running, step = self._running, self._steps.step
        with step("everybody signs in") as told:
            told.append(f"{await apps.everybody_signs_in(running.url)} people")
        with step("a new booking") as told:
            told.append(await apps.book_something(running.url, before.moment))
            await life.everything_is_shown(running)
        with step("$ b2b check") as told:
            told.append(f"{await proofs.invariants_hold(running)} invariants hold")

    async def _erase(self, client: str) -> None:
        name = await apps.erase(self._running.url, client)
        if name != apps.ERASED:
            raise Failed(f"{client} was erased and is still called {name}")
        await life.everything_is_shown(self._running)

    async def _ahead(self) -> list[str]:
        """Contexts whose streams know of more than the quiet backup."""
        complete = Backup.at(self._quiet).note.positions
        history = await proofs.history(self._running)
        return [one for one in CONTEXTS if history[one] and history[one][-1][0] > complete[one]]

    async def _relay_is(self, context: str, state: str) -> None:
        async def so() -> bool:
            return await self._running.relay_state(context) == state

        await until(so, f"the relay of {context} is {state}")
