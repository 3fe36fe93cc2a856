"""A contender: a name, a db_bench program, and the directory of the librocksdb that it shall load."""
import dataclasses
import os
import re
import subprocess

DEFAULT_PROGRAM = "/usr/bin/db_bench"


class BadContender(Exception):
    pass


@dataclasses.dataclass
class Contender:
    name: str
    program: str
    library: str  # a directory; empty: the system's

    def environment(self):
        """The system's directory is named too: a program may carry a path of its own that would win otherwise."""
        environment = dict(os.environ)
        environment["LD_LIBRARY_PATH"] = self.library or system_library_directory()
        return environment

    def loaded_library(self):
        """The file that the loader really takes, or None."""
        done = subprocess.run(["ldd", self.program], env=self.environment(), capture_output=True, text=True, check=False)
        match = re.search(r"librocksdb\S* => (\S+)", done.stdout)
        return os.path.realpath(match.group(1)) if match else None

    def check(self):
        if not os.access(self.program, os.X_OK):
            raise BadContender(f"{self.name}: {self.program} is not a program")
        if self.library and not os.path.isdir(self.library):
            raise BadContender(f"{self.name}: {self.library} is not a directory")
        loaded = self.loaded_library()
        if loaded is None:
            raise BadContender(f"{self.name}: {self.program} loads no librocksdb")
        if self.library and os.path.dirname(loaded) != os.path.realpath(self.library):
            raise BadContender(f"{self.name}: {self.program} would load {loaded}, not the library in {self.library}")


def system_library_directory():
    """Where the loader's cache finds librocksdb, or nothing."""
    done = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False)
    match = re.search(r"librocksdb\.so\.7\.8 .*=> (\S+)", done.stdout)
    return os.path.dirname(match.group(1)) if match else ""


def parse_library(text, program=DEFAULT_PROGRAM):
    """NAME=DIR: that library under the common program. An empty DIR is the system's library."""
    name, equals, directory = text.partition("=")
    if not name or not equals:
        raise BadContender(f"--library {text}: NAME=DIR is expected")
    return Contender(name, program, os.path.abspath(directory) if directory else "")


def parse_program(text):
    """NAME=PROGRAM:DIR: a program of its own with its library."""
    name, equals, rest = text.partition("=")
    program, _, directory = rest.partition(":")
    if not name or not equals or not program:
        raise BadContender(f"--program {text}: NAME=PROGRAM:DIR is expected")
    return Contender(name, os.path.abspath(program), os.path.abspath(directory) if directory else "")
