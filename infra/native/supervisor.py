"""Start, watch and stop the services with supervisord; its control socket lies in the state folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

import httpx
from supervisor.xmlrpc import SupervisorTransport

from governance.settings import PROJECT_ROOT, Settings
from infra.native.services import Service, airflow_environment, platform_environment, services

START_SECONDS = 120
"""Longest wait for one service to say it is ready."""

STOP_SECONDS = 60
"""Longest wait for all services to end; supervisor kills what does not within 15 s."""


class StartFailed(RuntimeError):
    """A service could not be started; the message says which, why, and what to do."""


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


def _section(service: Service, logs: Path) -> str:
    words = " ".join(_quote(word) for word in service.command)
    path = f"environment=PYTHONPATH={_quote(str(service.python_path))}\n" if service.python_path else ""
    return (
        f"[program:{service.name}]\ncommand={words}\ndirectory={PROJECT_ROOT}\n"
        f"autostart=false\nautorestart=true\nstartsecs=0\nstopasgroup=true\nkillasgroup=true\nstopwaitsecs=15\n"
        f"stdout_logfile={logs / service.name}.log\nredirect_stderr=true\nstdout_logfile_maxbytes=5MB\n"
        "stdout_logfile_backups=2\n" + path
    )


def _write_configuration(settings: Settings, planned: list[Service]) -> None:
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
        + "".join(_section(service, logs) for service in planned),
        encoding="utf-8",
    )


def _require_free(settings: Settings, service: Service) -> None:
    if service.port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, service.port))
        except OSError as error:
            raise StartFailed(
                f"Port {service.port}, wanted by {service.name}, is taken by another program. "
                f"Stop that program, or choose another port: {service.setting}={service.port + 1000} make run"
            ) from error


def _wait_until_ready(settings: Settings, service: Service) -> None:
    if service.port is None:
        return
    address = f"http://{settings.host}:{service.port}{service.ready_path}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(address, timeout=5, follow_redirects=True).status_code < 500:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
        if states(settings).get(service.name) in {"FATAL", "BACKOFF", "EXITED"}:
            break
    raise StartFailed(f"{service.name} did not start; see {settings.state_dir / 'logs' / service.name}.log")


def start(settings: Settings, say: Callable[[str], None]) -> bool:
    """Start what does not run yet, in order. Returns False when everything was up already.

    Raises:
        StartFailed: a port is taken or a service did not come up.
    """
    planned = services(settings)
    known = states(settings)
    if all(known.get(service.name) == "RUNNING" for service in planned):
        return False
    if not known:
        for service in planned:
            _require_free(settings, service)
        _write_configuration(settings, planned)
        program = Path(sys.executable).parent / "supervisord"
        started = subprocess.run(
            [str(program), "-c", str(_folder(settings) / "supervisord.conf")],
            # Handed down to every service, so that no secret stands in a configuration file.
            env={**os.environ, **platform_environment(settings), **airflow_environment(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        if started.returncode != 0:
            raise StartFailed(f"The supervisor did not start: {started.stderr.strip()}")
    missing = [service for service in planned if states(settings).get(service.name) != "RUNNING"]
    for service in missing:
        _ask(settings).startProcess(service.name, False)
    for service in missing:
        say(f"  starting {service.name}")
        _wait_until_ready(settings, service)
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
