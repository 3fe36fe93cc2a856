"""One run of a program: its lines as they come, and what the kernel counts of it."""
import dataclasses
import os
import resource
import select
import signal
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.05


@dataclasses.dataclass
class Usage:
    cpu_seconds: float = 0.0
    device_bytes: int = 0  # pages made dirty that belong to a device, by write calls or memory maps; 0 in memory

    def minus(self, other):
        return Usage(self.cpu_seconds - other.cpu_seconds, self.device_bytes - other.device_bytes)


@dataclasses.dataclass
class Outcome:
    exit_code: int
    seconds: float
    usage: Usage
    peak_memory_bytes: int
    errors: str  # the end of stderr


def read_file(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def usage_of(pid):
    """What a process has used up to now. It may have ended already, but must not have been waited for."""
    usage = Usage()
    fields = read_file(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) > 13:
        usage.cpu_seconds = (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
    for line in read_file(f"/proc/{pid}/io").splitlines():
        name, _, value = line.partition(": ")
        if name == "write_bytes":
            usage.device_bytes = int(value)
    return usage


def peak_memory_of(pid):
    for line in read_file(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def run(arguments, environment, directory, on_line, on_look=lambda: None, timeout_seconds=3600):
    """Runs a program to its end. on_line(line, usage) gets each line of stdout with the usage at that moment."""
    errors_path = os.path.join(directory, "stderr")
    started = time.monotonic()
    with open(errors_path, "wb") as errors:
        process = subprocess.Popen(arguments, env=environment, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=errors)
    try:
        peak = follow(process, on_line, on_look, started + timeout_seconds)
        return finish(process, started, peak, errors_path)
    except BaseException:
        process.kill()
        process.wait()
        raise


def follow(process, on_line, on_look, deadline):
    """Reads lines until stdout ends. Returns the largest peak of memory that was seen."""
    descriptor = process.stdout.fileno()
    rest, peak = b"", peak_memory_of(process.pid)  # a short program may have ended by the next look
    while True:
        readable, _, _ = select.select([descriptor], [], [], LOOK_SECONDS)
        peak = max(peak, peak_memory_of(process.pid))
        on_look()
        if time.monotonic() > deadline:
            os.kill(process.pid, signal.SIGKILL)  # send_signal would wait for a process that has ended, and lose its counters
        if not readable:
            continue
        piece = os.read(descriptor, 65536)
        if not piece:
            return peak
        usage = usage_of(process.pid)
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            on_line(line.decode("utf-8", "replace"), usage)


def finish(process, started, peak, errors_path):
    # WNOWAIT leaves the ended process in /proc, where its I/O counters can still be read.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    seconds = time.monotonic() - started
    usage = usage_of(process.pid)
    _, status, counted = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    usage.cpu_seconds = counted.ru_utime + counted.ru_stime
    # A child's ru_maxrss starts at its parent's, so it only counts when it is above ours; then it is exact.
    if counted.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        peak = max(peak, counted.ru_maxrss * 1024)
    errors = read_file(errors_path).replace("\r", "\n").strip()[-2000:]
    return Outcome(process.returncode, seconds, usage, peak, errors)
