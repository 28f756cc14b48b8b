"""How a child process begins: as the right user, and never outliving its parent."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_us(
    user: str | None = None, sig: signal.Signals = signal.SIGINT
) -> Callable[[], None]:
    """What a child does before its program: own process group, ``user``'s rights, end with us.

    The kernel sends ``sig`` when the thread that started it ends, so start children from the
    main thread. The own group keeps a terminal's Ctrl-C from reaching children before their
    parent. Elsewhere than on Linux only the parent's orderly stop ends them.
    """
    account = pwd.getpwnam(user) if user else None
    parent = os.getpid()

    def begin() -> None:
        os.setpgid(0, 0)
        if account is not None:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        if _LIBC is not None:  # after setuid, which clears it
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(sig))
            if os.getppid() != parent:
                os._exit(1)  # the parent ended meanwhile

    return begin
