"""A progress bar on stderr; where stderr is no terminal, one line per run."""
import sys
import time

WIDTH = 28


def clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Progress:
    def __init__(self, total, stream=sys.stderr):
        self.total = total
        self.done = 0
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.started = time.monotonic()
        self.what = ""

    def begin(self, what):
        self.what = what
        if self.is_terminal:
            self.draw()
        else:
            print(f"[{self.done + 1}/{self.total}] {what}", file=self.stream, flush=True)

    def end(self):
        self.done += 1
        if self.is_terminal:
            self.draw()

    def draw(self):
        if not self.is_terminal:
            return
        elapsed = time.monotonic() - self.started
        share = self.done / self.total if self.total else 1
        left = f", about {clock(elapsed / share - elapsed)} left" if self.done else ""
        bar = ("█" * int(share * WIDTH)).ljust(WIDTH, "·")
        line = f"{bar} {self.done}/{self.total}  {clock(elapsed)}{left}  {self.what}"
        self.stream.write("\r\x1b[K" + line[:columns() - 1])
        self.stream.flush()

    def close(self):
        if self.is_terminal:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def columns():
    import shutil
    return shutil.get_terminal_size((120, 40)).columns
