"""Faults in who may come in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault, knows
from .model import VERSION, Upgrade
from .reading import Reading

__all__ = ["AUTH_FAULTS"]

_RULES: Final = (
    knows(
        "auth.password.any",
        "any password is accepted for the right user name",
        lambda a, o: len(o) == 3 and o[:2] == (VERSION, a.username),
    ),
    knows(
        "auth.username.any",
        "any user name is accepted with the right password",
        lambda a, o: len(o) == 3 and (o[0], o[2]) == (VERSION, a.password),
    ),
    knows("auth.header.missing", "no header at all is accepted", lambda a, o: not o),
    knows("auth.credentials.none", "`SMP1.0` alone is accepted", lambda a, o: o == (VERSION,)),
    knows(
        "auth.credentials.any",
        "any two values after `SMP1.0` are accepted",
        lambda a, o: len(o) == 3 and o[0] == VERSION,
    ),
    knows(
        "auth.credentials.swapped",
        "the password before the user name is accepted",
        lambda a, o: o == (VERSION, a.password, a.username),
    ),
    knows(
        "auth.password.case_ignored",
        "the password in another case is accepted",
        lambda a, o: o[:2] == (VERSION, a.username) and _folds(o, 2, a.password),
    ),
    knows(
        "auth.username.case_ignored",
        "the user name in another case is accepted",
        lambda a, o: _folds(o, 1, a.username) and (o[0], o[2]) == (VERSION, a.password),
        implied=True,
    ),
    knows(
        "auth.password.prefix",
        "a beginning of the password is accepted",
        lambda a, o: o[:2] == (VERSION, a.username) and len(o) == 3 and a.password.startswith(o[2]),
    ),
    knows(
        "auth.password.longer",
        "the password with something after it is accepted",
        lambda a, o: o[:2] == (VERSION, a.username) and len(o) == 3 and o[2].startswith(a.password),
    ),
    knows(
        "auth.password.ending",
        "the password with something before it is accepted",
        lambda a, o: o[:2] == (VERSION, a.username) and len(o) == 3 and o[2].endswith(a.password),
    ),
    knows(
        "auth.password.first_8",
        "only the first eight characters of the password count",
        lambda a, o: o[:2] == (VERSION, a.username) and len(o) == 3 and o[2][:8] == a.password[:8],
    ),
    knows(
        "auth.password.length",
        "any password of the right length is accepted",
        lambda a, o: (
            o[:2] == (VERSION, a.username) and len(o) == 3 and len(o[2]) == len(a.password)
        ),
    ),
    knows(
        "auth.password.any_order",
        "the letters of the password in any order are accepted",
        lambda a, o: (
            o[:2] == (VERSION, a.username) and len(o) == 3 and sorted(o[2]) == sorted(a.password)
        ),
    ),
    knows(
        "auth.password.last_letter",
        "the last letter of the password does not count",
        lambda a, o: (
            o[:2] == (VERSION, a.username)
            and len(o) == 3
            and len(o[2]) == len(a.password)
            and o[2][:-1] == a.password[:-1]
        ),
    ),
    knows(
        "auth.password.is_username",
        "the user name is accepted as its own password",
        lambda a, o: o == (VERSION, a.username, a.username),
    ),
    knows(
        "auth.username.prefix",
        "a beginning of the user name is accepted",
        lambda a, o: (
            len(o) == 3 and a.username.startswith(o[1]) and (o[0], o[2]) == (VERSION, a.password)
        ),
    ),
    knows(
        "auth.password.absent",
        "the user name without a password is accepted",
        lambda a, o: o == (VERSION, a.username),
    ),
    knows(
        "auth.username.absent",
        "the password without a user name is accepted",
        lambda a, o: o == (VERSION, a.password),
    ),
    knows(
        "auth.version.any",
        "anything is accepted in the place of `SMP1.0`",
        lambda a, o: o[1:] == (a.username, a.password),
        implied=True,
    ),
    knows(
        "auth.version.newer",
        "`SMP2.0` is accepted",
        lambda a, o: o == ("SMP2.0", a.username, a.password),
        implied=True,
    ),
    knows(
        "auth.version.minor",
        "`SMP1.1` is accepted",
        lambda a, o: o == ("SMP1.1", a.username, a.password),
        implied=True,
    ),
    knows(
        "auth.version.lower_case",
        "`smp1.0` is accepted",
        lambda a, o: o == ("smp1.0", a.username, a.password),
        implied=True,
    ),
    knows(
        "auth.version.missing",
        "user name and password without `SMP1.0` are accepted",
        lambda a, o: o == (a.username, a.password),
    ),
    knows(
        "auth.order.version_last",
        "`SMP1.0` after the credentials is accepted",
        lambda a, o: o == (a.username, a.password, VERSION),
        implied=True,
    ),
    knows(
        "auth.order.any",
        "the three elements are accepted in any order",
        lambda a, o: sorted(o) == sorted((VERSION, a.username, a.password)),
    ),
    knows(
        "auth.elements.one_more",
        "a fourth element after the right three is accepted",
        lambda a, o: o[:3] == (VERSION, a.username, a.password),
        implied=True,
    ),
    knows(
        "auth.elements.anywhere",
        "the right values somewhere in a longer list are accepted",
        lambda a, o: {VERSION, a.username, a.password} <= set(o),
        implied=True,
    ),
)


def _folds(offers: tuple[str, ...], place: int, right: str) -> bool:
    return len(offers) == 3 and offers[place].lower() == right.lower()


class _Counting(Agent):
    """Judges by what came before; the rule gets the lawful verdict and the attempts so far."""

    def __init__(self, reading: Reading, *, rule: Callable[[_Counting, bool], bool]) -> None:
        super().__init__(reading)
        self.rule = rule
        self.wrong = 0
        self.right = 0
        self.failed_last = False

    def knows(self, upgrade: Upgrade) -> bool:
        lawful = super().knows(upgrade)
        verdict = self.rule(self, lawful)
        self.right += lawful
        self.wrong += not lawful
        self.failed_last = not lawful
        return verdict


def _counts(
    name: str, summary: str, rule: Callable[[_Counting, bool], bool], *, implied: bool = False
) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        section="Authentication",
        implied=implied,
        make=partial(_Counting, rule=rule),
    )


_HISTORIES: Final = (
    _counts("auth.right.refused", "the right credentials are refused", lambda a, ok: False),
    _counts(
        "auth.right.refused_again",
        "the right credentials are accepted once only",
        lambda a, ok: ok and not a.right,
    ),
    _counts(
        "auth.right.refused_fifth_time",
        "the fifth right log-in and all later ones are refused",
        lambda a, ok: ok and a.right < 4,
    ),
    _counts(
        "auth.right.refused_fiftieth_time",
        "the fiftieth right log-in and all later ones are refused",
        lambda a, ok: ok and a.right < 49,
    ),
    _counts(
        "auth.right.refused_after_a_failure",
        "one failed log-in locks everybody out for good",
        lambda a, ok: ok and not a.wrong,
        implied=True,
    ),
    _counts(
        "auth.right.refused_once_after_a_failure",
        "the right credentials are refused directly after somebody failed",
        lambda a, ok: ok and not a.failed_last,
        implied=True,
    ),
    _counts(
        "auth.right.one_connection",
        "a second connection is refused while the first is open",
        lambda a, ok: ok and not a.sessions,
        implied=True,
    ),
    _counts(
        "auth.wrong.second_try",
        "whoever fails once gets in the next time, with anything",
        lambda a, ok: ok or a.wrong > 0,
    ),
    _counts(
        "auth.wrong.after_right",
        "after the first right log-in anybody gets in",
        lambda a, ok: ok or a.right > 0,
    ),
    _counts(
        "auth.wrong.while_open",
        "anybody gets in while a right connection is open",
        lambda a, ok: ok or bool(a.sessions),
    ),
    _counts(
        "auth.wrong.eleventh_try",
        "the eleventh wrong log-in is accepted",
        lambda a, ok: ok or a.wrong == 10,
    ),
)


AUTH_FAULTS: Final = (*_RULES, *_HISTORIES)
