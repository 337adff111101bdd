"""The command in a process forked from one that has loaded everything: what it does, without a second of imports."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_LOADED = (
    *("alembic.config", "rich.live", "rich.progress", "zjol_crawler.cli.crawl", "zjol_crawler.cli.progress"),
    *("pipelines.item_pipelines", "pipelines.merge", "pipelines.recording", "pipelines.store.migrate"),
    *("zjol_crawler.archiving", "zjol_crawler.job_running", "zjol_crawler.download_handler", "zjol_crawler.politeness"),
    *("zjol_crawler.frontier.scheduler", "zjol_crawler.spiders.article", "zjol_crawler.limits"),
    *("scrapy.core.downloader.handlers.http11", "scrapy.core.scraper", "scrapy.downloadermiddlewares.cookies"),
    *("scrapy.downloadermiddlewares.httpcompression", "scrapy.downloadermiddlewares.robotstxt"),
    *("scrapy.downloadermiddlewares.retry", "scrapy.extensions.feedexport", "scrapy.extensions.remote_control"),
    *("scrapy.extensions.telnet", "scrapy.extensions.throttle", "scrapy.spidermiddlewares.referer"),
)
_MAIN = "from tests.cli.warm import serve; serve({address!r})"


def run(
    arguments: Sequence[object], *, environment: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run `zjol ARGUMENTS` to its end.

    Raises:
        subprocess.TimeoutExpired: it took longer; it is killed.
    """
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as connection:
        outputs = [Path(folder) / name for name in ("stdout", "stderr")]
        connection.connect(_server())
        connection.settimeout(timeout)
        stream = connection.makefile("rw")
        wanted = {"arguments": words, "environment": dict(environment or os.environ), "folder": str(Path.cwd())}
        print(json.dumps(wanted | {"outputs": [str(path) for path in outputs]}), file=stream, flush=True)
        number = int(stream.readline())
        try:
            status = int(stream.readline())
        except TimeoutError:
            os.kill(number, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, timeout) from None
        stdout, stderr = (path.read_text("utf-8") for path in outputs)
    return subprocess.CompletedProcess(words, status, stdout, stderr)


@cache
def _server() -> str:
    """Start the process that forks, which ends with this one; give its address."""
    folder = tempfile.TemporaryDirectory()
    address = f"{folder.name}/warm"
    command = [sys.executable, "-c", _MAIN.format(address=address)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()

    def end() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    atexit.register(end)
    return address


def serve(address: str) -> None:
    """Fork a command for each connection; in the forked process, return what the command's module would."""
    for name in _LOADED:
        importlib.import_module(name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            while _reap():
                pass
            if os.fork() == 0:
                server.close()
                _attend(connection)
                return
            connection.close()


def _reap() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _attend(connection: socket.socket) -> None:
    """Fork once more: one process runs the command, this one tells how it ended."""
    stream = connection.makefile("rw")
    wanted = json.loads(stream.readline())
    number = os.fork()
    if number:
        print(number, file=stream, flush=True)
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), file=stream, flush=True)
        os._exit(0)
    connection.detach()
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    for number, path in enumerate(wanted["outputs"], start=1):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["zjol", *wanted["arguments"]]
    from zjol_crawler.cli import main

    try:
        main()
    except SystemExit as ended:
        # All an interpreter does at its end but for taking apart what was loaded.
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code)
