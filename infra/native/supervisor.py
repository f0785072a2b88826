"""Start, watch and stop the services with supervisord; its control socket lies in the state folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from governance.settings import PROJECT_ROOT, Settings
from infra.native.service import Say, Service, StartFailed, obtain_all

START_SECONDS = 180
"""Longest wait for one service to say it is ready."""

STOP_SECONDS = 60
"""Longest wait for all services to end; supervisor kills what does not within 15 s."""

_GIVEN_UP = {"FATAL", "BACKOFF", "EXITED"}


def _folder(settings: Settings) -> Path:
    return settings.state_dir / "supervisor"


def _ask(settings: Settings) -> Any:
    """The supervisor's own interface over its socket; a connection is made at the first call."""
    socket_path = _folder(settings) / "control.sock"
    # The host name is never used: the transport speaks to the socket.
    return ServerProxy(
        "http://supervisor", transport=SupervisorTransport(None, None, f"unix://{socket_path}")
    ).supervisor


def is_up(settings: Settings) -> bool:
    """Say whether this state folder's supervisor answers."""
    try:
        return str(_ask(settings).getState()["statename"]) == "RUNNING"
    except (OSError, Fault, ProtocolError, HTTPException):
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def states(settings: Settings) -> dict[str, str]:
    """Return each service's state in supervisor's words (RUNNING, STOPPED, FATAL …); empty when it is down."""
    if not is_up(settings):
        return {}
    return {known["name"]: known["statename"] for known in _ask(settings).getAllProcessInfo()}


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _section(settings: Settings, service: Service, logs: Path) -> str:
    words = " ".join(_quote(word) for word in service.command(settings))
    own = ",".join(f"{name}={_quote(value)}" for name, value in service.own_environment(settings).items())
    user = service.user(settings)
    return (
        f"[program:{service.name}]\ncommand={words}\ndirectory={PROJECT_ROOT}\n"
        f"autostart=false\nautorestart=true\nstartsecs=0\nstopasgroup=true\nkillasgroup=true\nstopwaitsecs=15\n"
        f"stopsignal={service.stop_signal}\n"
        f"stdout_logfile={logs / service.name}.log\nredirect_stderr=true\nstdout_logfile_maxbytes=5MB\n"
        "stdout_logfile_backups=2\n" + (f"environment={own}\n" if own else "") + (f"user={user}\n" if user else "")
    )


def _write_configuration(settings: Settings, planned: Sequence[Service]) -> None:
    folder, logs = _folder(settings), settings.state_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    path = folder / "supervisord.conf"
    path.touch(mode=0o600)
    path.write_text(
        f"[unix_http_server]\nfile={folder}/control.sock\nchmod=0700\n"
        f"[supervisord]\nlogfile={logs}/supervisor.log\npidfile={folder}/supervisord.pid\nnodaemon=false\n"
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        f"[supervisorctl]\nserverurl=unix://{folder}/control.sock\n"
        + "".join(_section(settings, service, logs) for service in planned),
        encoding="utf-8",
    )


def _require_free(settings: Settings, service: Service) -> None:
    port = service.port_of(settings)
    if port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except OSError as error:
            raise StartFailed(
                f"Port {port}, wanted by {service.name}, is taken by another program. "
                f"Stop that program, or choose another port: {service.variable}={port + 1000} make run"
            ) from error


def _wait_until_ready(settings: Settings, service: Service) -> None:
    """Return once the service answers.

    Raises:
        StartFailed: it did not in time, or it ended; the message names its log.
    """
    if service.is_ready is None:
        return
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if service.is_ready(settings):
            return
        if states(settings).get(service.name) in _GIVEN_UP:
            break
        time.sleep(0.2)
    raise StartFailed(f"{service.name} did not start; see {settings.state_dir / 'logs' / service.name}.log")


def _start_supervisor(settings: Settings, planned: Sequence[Service]) -> None:
    for service in planned:
        _require_free(settings, service)
    _write_configuration(settings, planned)
    program = Path(sys.executable).parent / "supervisord"
    handed_down = {name: value for service in planned for name, value in service.environment(settings).items()}
    started = subprocess.run(
        [str(program), "-c", str(_folder(settings) / "supervisord.conf")],
        env={**os.environ, **handed_down},
        capture_output=True,
        text=True,
        check=False,
    )
    if started.returncode != 0:
        raise StartFailed(f"The supervisor did not start: {started.stderr.strip()}")


def _await(settings: Settings, service: Service, say: Say) -> None:
    _wait_until_ready(settings, service)
    service.furnish(settings, say)


def _start_in_order(settings: Settings, missing: Sequence[Service], say: Say) -> None:
    """Start each once what it needs is ready; those that need nothing of each other come up side by side."""
    waiting = {service.name: service for service in missing}
    for service in missing:
        for name in service.needs:
            if name in waiting:
                _await(settings, waiting.pop(name), say)
        service.configure(settings, say)
        say(f"  starting {service.name}")
        _ask(settings).startProcess(service.name, False)
    for service in waiting.values():
        _await(settings, service, say)


def start(settings: Settings, planned: Sequence[Service], say: Say) -> bool:
    """Start what does not run yet, in order. Returns False when everything was up already.

    Raises:
        StartFailed: a download failed, a port is taken or a service did not come up.
    """
    known = states(settings)
    if all(known.get(service.name) == "RUNNING" for service in planned):
        return False
    obtain_all(settings, planned, say)
    if known and not {service.name for service in planned} <= known.keys():
        say("  ending the services that run, as more are asked for")
        stop(settings)
        known = {}
    if not known:
        _start_supervisor(settings, planned)
    _start_in_order(settings, [service for service in planned if known.get(service.name) != "RUNNING"], say)
    return True


def stop(settings: Settings) -> bool:
    """Stop every service and the supervisor. Returns False when nothing ran."""
    if not is_up(settings):
        return False
    pid = int(_ask(settings).getPID())
    _ask(settings).shutdown()
    deadline = time.monotonic() + STOP_SECONDS
    # Not only asked to stop: gone, so that a start right after finds the socket and the ports free.
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    return True
