"""What the Python scripts share: where the node is, one line for each check, and the closing line. As checks.mjs."""

import asyncio
import json
import os
import socket
import sys
import time
import traceback
from pathlib import Path

# Longest that one check may take, in seconds, unless it needs a restart.
PATIENCE = int(os.environ.get("PATIENCE", "180"))

# The phrase that development nodes take their funded accounts from.
MNEMONIC = os.environ.get("MNEMONIC", "test test test test test test test test test test test junk")

# JSON-RPC of the chain under test, over HTTP and WebSocket on one port.
RPC_URL = os.environ.get("RPC_URL") or (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8545")
WS_URL = os.environ.get("WS_URL") or RPC_URL.replace("http", "ws", 1)

# Where the contracts are, compiled (compile.mjs).
_FIXTURES = Path(os.environ.get("FIXTURES") or "artifacts")

# What kind of node that is, and which checks it is known to fail; see checks.mjs.
_KIND = os.environ.get("NODE_KIND", "any")
_LISTED = Path(__file__).parent / f"known-{_KIND}.json"
_KNOWN = {
    sentence: reason
    for reason, sentences in (json.loads(_LISTED.read_text()) if _LISTED.exists() else {}).items()
    for sentence in sentences
}

_counts = {"passed": 0, "failed": 0, "skipped": 0}


def artifact(name):
    """A compiled contract: `{ "abi", "bytecode" }`."""
    return json.loads((_FIXTURES / f"{name}.json").read_text())


async def check(sentence, body, patience=PATIENCE):
    """Runs one check, a coroutine function, and prints its line. Returns what the check returned, nothing when it failed."""
    reason = _KNOWN.get(sentence)
    try:
        result = await asyncio.wait_for(body(), patience)
        _counts["failed" if reason else "passed"] += 1
        print(f"FAILED  {sentence}: passes, though {_KIND} is known to fail it" if reason else f"ok      {sentence}", flush=True)
        return result
    except Exception:
        if reason:
            return skip(sentence, f"{_KIND}: {reason}")
        _counts["failed"] += 1
        print(f"FAILED  {sentence}: {traceback.format_exc()}", flush=True)
        return None


def skip(sentence, reason):
    """Prints that a check was not made, or does not count, and why."""
    _counts["skipped"] += 1
    print(f"skipped: {sentence}: {reason}", flush=True)


async def check_with_restart(sentence, body):
    """As `check`, for a body that needs the node to be killed and started again; see `checkWithRestart` in checks.mjs."""
    if os.environ.get("RESTART"):
        return await check(sentence, lambda: body(lambda: asyncio.to_thread(_restart)), 300)
    return skip(sentence, "nobody restarts the node (RESTART=host:port)")


def _restart():
    host, port = os.environ["RESTART"].split(":")
    with socket.create_connection((host, int(port))) as stream:
        line = stream.makefile().read().strip()
    assert line == "restarted", line


def finish():
    """Prints the closing line and ends the process."""
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**_counts), flush=True)
    os._exit(1 if _counts["failed"] else 0)


async def until(condition, seconds=60):
    """Waits until something is so."""
    late = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < late, f"not so within {seconds} s"
        await asyncio.sleep(0.05)


async def thrown(kind, awaitable):
    """The error of this kind that is raised; its absence, and another one, is an error."""
    try:
        await awaitable
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")
