"""Speaking to the person at the terminal, and running other programs for them."""

import contextlib
import os
import shlex
import subprocess
import sys
import time

HEARTBEAT_SECONDS = 10


class DevError(Exception):
    """Something went wrong: one clear sentence, and the remedy.

    :param problem: what is wrong, in one sentence
    :param remedy: what the reader can do about it
    """

    def __init__(self, problem, remedy=""):
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self):
        return f"{self.problem}\n  -> {self.remedy}" if self.remedy else self.problem


def say(text=""):
    """Print to standard error: standard output belongs to results."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(what):
    """Announce a piece of work, and how long it took once it is done."""
    say(f"• {what} …")
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    if took >= 1:
        say(f"  done in {took:.0f} s")


def run(command, *, log, problem, remedy="", env=None, cwd=None, input_text=None):
    """Run a program with its output in a log file and a sign of life on screen.

    :param list command: program and arguments
    :param pathlib.Path log: file that the output is appended to
    :param str problem: the sentence to fail with
    :raise DevError: if the program cannot be started or fails
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n$ {shlex.join(map(str, command))}\n".encode())
        output.flush()
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE if input_text else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
            )
        except OSError as error:
            raise DevError(f"{problem} ({error})", remedy) from error
        if input_text:
            process.stdin.write(input_text.encode())
            process.stdin.close()
        code = _wait_with_heartbeat(process, log)
    if code:
        say(tail(log))
        raise DevError(f"{problem} (exit status {code})", remedy or f"Read {log}")


def _wait_with_heartbeat(process, log):
    """Wait for a process, and show every few seconds what it is busy with."""
    started = time.monotonic()
    try:
        while True:
            try:
                return process.wait(HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                seconds = time.monotonic() - started
                say(f"  … {seconds:3.0f} s  {tail(log, lines=1, width=90)}")
    except BaseException:
        process.terminate()
        process.wait()
        raise


def tail(path, lines=20, width=400):
    """Return the last lines of a file, cut to a width."""
    with path.open("rb") as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - 64 * 1024))
        text = stream.read().decode("utf-8", "replace").rstrip()
    return "\n".join(line[:width] for line in text.splitlines()[-lines:])


def foreground(command, env=None, cwd=None):
    """Run a program in the foreground on this terminal and return its exit status.

    The child shares our terminal, so Ctrl-C reaches it directly; we only wait.
    """
    process = subprocess.Popen([str(part) for part in command], env=env, cwd=cwd)
    try:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()
    finally:
        # Only we were told to end (see ``cli.main``): so must the child.
        if process.poll() is None:
            process.terminate()
            process.wait()
