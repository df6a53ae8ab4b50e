"""Processes: what they have used so far, read from /proc, and those of a contender while it runs."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """What a process has used so far."""

    cpu: float
    peak_mb: float
    switches: int

    @staticmethod
    def of(*pids):
        cpu = peak = switches = 0
        for pid in pids:
            process = Path(f"/proc/{pid}")
            # The name, second of the fields, may hold spaces.
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            cpu += (int(fields[11]) + int(fields[12])) / TICK
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            peak += int(status["VmHWM"].split()[0]) / 1024
            for thread in (process / "task").iterdir():
                try:
                    lines = (thread / "status").read_text().splitlines()
                except OSError:
                    continue
                switches += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
        return Usage(cpu, peak, switches)


class Running:
    """The processes of a contender."""

    def __init__(self, commands, environment, log):
        self.log = log
        with open(log, "wb") as out:
            self.children = [
                subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=out) for command in commands
            ]

    def usage(self):
        dead = [child for child in self.children if child.poll() is not None]
        if dead:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise SystemExit(f"bench-kafka: {dead[0].args} ended with {dead[0].returncode}:\n{tail}")
        return Usage.of(*(child.pid for child in self.children))

    def stop(self):
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
