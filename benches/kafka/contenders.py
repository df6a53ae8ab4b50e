"""Who is measured: how each is started, and what it promises. All read the same input with the same number of lanes, threads or
processes, and carry each article's key to the output, where the checker reads it."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Contender:
    name: str
    exactly_once: bool = True
    # Most articles in a run, for one who would take all day.
    most: int | None = None

    def start(self, servers, given, output, dead, group):
        """The commands, one for each process, and what is added to their environment."""
        raise NotImplementedError

    def dropped(self, sample):
        """How many lines were dropped of these records, and a digest of which: it is the same for all who clean alike."""
        digest, count = hashlib.sha256(), 0
        for number, value in sorted(sample.items()):
            for line in json.loads(value)["dropped"]:
                digest.update(f"{number} {line['line']} {line['hash']}\n".encode())
                count += 1
        return count, digest.hexdigest()[:12]


@dataclass
class Mirror(Contender):
    """The bare copy (mirror/main.rs)."""

    lanes: int = 2
    processes: int = 1
    options: dict = field(default_factory=dict)

    def start(self, servers, given, output, dead, group):
        options = {"lanes": self.lanes, "delivery": "exactly-once" if self.exactly_once else "at-least-once", **self.options}
        command = [ROOT / "target/release/examples/mirror", servers, given.topic, output, group]
        command += [f"{key}={value}" for key, value in options.items()]
        # Lanes of one group need transactional ids of their own in each process.
        return [[*command, f"process={number}"] for number in range(self.processes)], {}

    def dropped(self, sample):
        return None, None


@dataclass
class Copydesk(Contender):
    """The worker itself, with its defaults."""

    lanes: int = 2
    processes: int = 1
    # More environment variables: COPYDESK__SECTION__KEY.
    environment: dict = field(default_factory=dict)

    def start(self, servers, given, output, dead, group):
        command = [ROOT / "target/release/copydesk", "run", "--brokers", servers, "--input", given.topic, "--output", output]
        command += ["--dead-letters", dead, "--group", group, "--lanes", str(self.lanes)]
        environment = {} if self.exactly_once else {"COPYDESK__STREAM__DELIVERY": "at-least-once"}
        commands = [[*command, "--instance", f"bench-{number}"] for number in range(self.processes)]
        return commands, environment | self.environment
