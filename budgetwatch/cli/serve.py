"""The verb that opens the house: one process, API and dashboard on one address."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys

import sqlalchemy as sa
import typer

from budgetwatch.access.viewer import ROLES
from budgetwatch.calendar import FIXED_DAY
from budgetwatch.cli.app import app, home, language, settings
from budgetwatch.cli.out import progress, remark
from budgetwatch.errors import Conflict, Denied
from budgetwatch.tables import Batch, User
from budgetwatch.text import Text

#: So many full collections after the start set their survivors aside: the first requests load most of the product.
SET_ASIDE = 6


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _free(host: str, port: int) -> None:
    """Refuse with a sentence when something else already listens there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            raise Conflict(
                Text(f"无法监听：{taken.strerror}。", f"cannot listen there: {taken.strerror}."),
                where=f"{host}:{port}",
                fix=Text(
                    "换一个端口：--port 8051，或 BUDGETWATCH_PORT。",
                    "Choose another port: --port 8051, or BUDGETWATCH_PORT.",
                ),
            ) from None


@app.command()
def serve(
    host: str | None = typer.Option(None, help="default BUDGETWATCH_HOST or 127.0.0.1"),
    port: int | None = typer.Option(None, min=1, max=65535, help="default BUDGETWATCH_PORT or 8050"),
    demo: bool = typer.Option(False, "--demo", help="build the demo city first, when the home is empty"),
) -> None:
    """Serve the dashboard and the API until Ctrl-C."""
    config = settings()
    host, port = host or config.host, port or config.port
    config.host = host
    os.environ["BUDGETWATCH_HOST"] = host
    _free(host, port)
    if demo and _empty():
        remark(
            {"zh": "正在建立示范市（仅首次，约一分钟）…", "en": "Building the demo city (once; about a minute)…"}[
                language()
            ]
        )
        from budgetwatch.demo.build import build

        with progress("demo", language()) as report:
            build(home(), years=3, payments=200_000, seed=7, progress=report)
    accounts = _demo_accounts()
    if accounts and not _loopback(host):
        raise Denied(
            Text("含有演示账号的库只能在本机打开。", "a home with demo accounts is only served on this machine."),
            where=f"--host {host}",
            fix=Text(
                "用空的 BUDGETWATCH_HOME，或停用演示账号（user deactivate）。",
                "Use another BUDGETWATCH_HOME, or switch the demo accounts off (user deactivate).",
            ),
        )
    if os.environ.get(FIXED_DAY) and not _loopback(host):
        raise Denied(
            Text("固定的“今天”只用于演示和测试。", "A fixed today is for demonstrations and tests only."),
            where=f"{FIXED_DAY}={os.environ[FIXED_DAY]}",
            fix=Text(f"取消 {FIXED_DAY}，再对外提供服务。", f"Unset {FIXED_DAY} before serving others."),
        )
    import uvicorn

    from budgetwatch.api.app import create_app
    from budgetwatch.jobs import Worker

    served = create_app(home())
    home().serving.on = True
    home().serving.wanted(home().store.snapshot())
    shown = f"[{host}]" if ":" in host else host
    remark(f"budgetwatch · 预算联网监督   http://{shown}:{port}   ({home().path})")
    if accounts:
        remark(
            {"zh": "演示账号（密码均为 demo-2026）：", "en": "Demo accounts (password of each: demo-2026):"}[language()]
        )
        for login, name, role, region in accounts:
            remark(f"  {login:<16} {ROLES[role].of(language()):<20} {region:<10} {name}")
    # uvicorn hands a SIGTERM on once it has closed; the work in hand is then asked to stop, not cut off.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _set_aside()
    with Worker(home(), scheduled=True):
        uvicorn.run(
            served,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=config.proxies,
        )


def _set_aside() -> None:
    """Keep what stays for good (modules, pages, what the first requests load) out of the collector's way.

    A full collection walks every tracked object: at a quarter of a million of them that is 0.15 s in the middle of
    somebody's request. The survivors of the first few are set aside; what is not part of a cycle is still freed.
    """
    left = SET_ASIDE

    def after(phase: str, info: dict[str, int]) -> None:
        nonlocal left
        if phase == "stop" and info["generation"] == 2 and left:
            left -= 1
            gc.freeze()

    gc.callbacks.append(after)
    gc.collect()


def _empty() -> bool:
    with home().session() as session:
        return not session.scalar(sa.select(sa.func.count()).select_from(Batch)) and not session.scalar(
            sa.select(sa.func.count()).select_from(User)
        )


def _demo_accounts() -> list[tuple[str, str, str, str]]:
    with home().session() as session:
        found = session.execute(
            sa.select(User.login, User.name, User.role, User.region).where(User.demo, User.active).order_by(User.id)
        )
        return [(login, name, role, region) for login, name, role, region in found]
