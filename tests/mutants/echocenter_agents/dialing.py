"""Ways to write the address; the document shows ``/api/ws?token=...``."""

from __future__ import annotations

from urllib.parse import quote

from tests.mutants.echocenter_agents.model import Address, Target

__all__ = ["at", "in_disguise", "token_only"]


def at(template: str) -> Address:
    """``{token}`` is the escaped token, ``{raw}`` the bare one; the base comes before."""

    def address(target: Target) -> str:
        token = quote(target.token, safe="")
        return target.base.rstrip("/") + template.format(token=token, raw=target.token)

    return address


token_only = at("/api/ws?token={token}")


def in_disguise(target: Target) -> str:
    """Every byte of the token escaped, between other parameters."""
    token = "".join(f"%{byte:02X}" for byte in target.token.encode())
    return f"{target.base.rstrip('/')}/api/ws?client=assay%20peer&token={token}&v=1&empty="
