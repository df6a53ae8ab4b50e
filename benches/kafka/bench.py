#!/usr/bin/env python3
"""copydesk beside others on a real Apache Kafka. `make bench-kafka` sees to what it needs, and docs/performance.md says what
its figures mean.

    bench.py throughput [--only mirror,copydesk] [--articles 200000] [--size 4000] [--partitions 4] [--rounds 3]

Everything it makes lies in target/bench-kafka: articles, the broker's data, logs of the contenders, results.json.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time

import corpus
import report
from broker import Broker
from contenders import ROOT, Copydesk, Mirror
from measure import measure, measure_clean

FOLDER = ROOT / "target/bench-kafka"


def say(text):
    print(time.strftime("%T"), text, file=sys.stderr, flush=True)


def contenders_of(options):
    environment = dict(pair.split("=", 1) for pair in options.env)
    return (
        Mirror("mirror", lanes=options.lanes, options=dict(pair.split("=", 1) for pair in options.mirror)),
        Copydesk("copydesk", lanes=options.lanes, environment=environment),
        Copydesk("copydesk-at-least-once", exactly_once=False, lanes=options.lanes, environment=environment),
    )


def throughput(options):
    contenders = {contender.name: contender for contender in contenders_of(options)}
    only = options.only.split(",") if options.only else [*contenders, "clean"]
    unknown = set(only) - {*contenders, "clean"}
    if unknown:
        raise SystemExit(f"bench-kafka: there is no contender {', '.join(unknown)}; there are {', '.join(contenders)}")
    contenders = [contender for name, contender in contenders.items() if name in only]
    path = corpus.corpus(FOLDER, options.articles, options.size, options.repeats)
    runs = []
    with Broker(FOLDER / "kafka") as broker:
        say(f"==> Kafka is at {broker.servers}; loading {options.articles} articles")
        inputs = {None: broker.load(path, "raw", options.partitions)}
        for contender in contenders:
            if contender.most and contender.most < options.articles and contender.most not in inputs:
                inputs[contender.most] = broker.load(path, f"raw-{contender.most}", options.partitions, contender.most)
        # The first run after its start is the broker's own warming up.
        measure(broker, Mirror("mirror", lanes=options.lanes), inputs[None], "warm-up")
        for turn in range(options.rounds):
            for contender in contenders:
                given = inputs.get(contender.most, inputs[None])
                run = measure(broker, contender, given, f"{contender.name}-{turn}").to_json()
                runs.append(run)
                say(f"    {turn + 1}/{options.rounds} {line(run)}")
            if "clean" in only:
                runs.append(measure_clean(path))
                say(f"    {turn + 1}/{options.rounds} {line(runs[-1])}")
    rows = report.medians(runs)
    save("throughput", {"options": vars(options), "machine": machine(), "rows": rows, "runs": runs})
    print(report.table(rows))
    print()
    print("\n".join(report.sentences(rows)))
    if not all(run.get("exact", True) for run in runs):
        raise SystemExit("bench-kafka: an output was not exact: " + "; ".join(f"{run['contender']}: {run['faults']}" for run in runs if run.get("faults")))


def profile(options):
    """Where a contender's CPU goes, by thread and function, under perf."""
    path = corpus.corpus(FOLDER, options.articles, options.size)
    contender = next(contender for contender in contenders_of(options) if contender.name == options.contender)
    start = contender.start

    def halted(*arguments):
        # Halts before it becomes the contender, so that perf is there for each of its threads.
        commands, environment = start(*arguments)
        return [["sh", "-c", 'kill -STOP $$; exec "$@"', "halted", *command] for command in commands], environment

    contender.start = halted
    data = FOLDER / f"perf-{options.contender}.data"
    record = ["perf", "record", "--quiet", "-F", "997", *options.perf.split(), "-o", data]
    with Broker(FOLDER / "kafka") as broker:
        given = broker.load(path, "raw", options.partitions)
        measure(broker, Mirror("mirror"), given, "warm-up")
        perf = []

        def attach(pids):
            perf.append(subprocess.Popen([*record, "-p", ",".join(map(str, pids))]))
            time.sleep(1)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

        run = measure(broker, contender, given, f"profile-{options.contender}", on_start=attach).to_json()
        perf[0].wait(60)
    say(line(run))
    subprocess.run(["perf", "report", "--stdio", "-i", data, "--sort", "comm", "--no-children", "-g", "none"], check=True)
    subprocess.run(["perf", "report", "--stdio", "-i", data, "--sort", "comm,symbol", "--no-children", "-g", "none", "--percent-limit", "0.5"], check=True)
    say(f"==> {data.relative_to(ROOT)} has it; callers: `bench.py profile --perf=--call-graph=dwarf,16384`, then `perf report -i` this")


def line(run):
    text = f"{run['contender']:24}{run['mb_per_second']:7.0f} MB/s{run['cpu_per_gb']:8.1f} CPU-s/GB"
    if "exact" in run:
        text += f"{run['articles_per_second']:9.0f} articles/s{run['peak_mb']:6.0f} MB  "
        text += "exact" if run["exact"] else f"NOT EXACT: {run['faults']}"
    return text


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model,
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d"),
    }


def save(what, result):
    """Adds to results.json, where each kind of measurement has its last result."""
    path = FOLDER / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results[what] = result
    path.write_text(json.dumps(results, indent=1) + "\n")
    say(f"==> {path.relative_to(ROOT)} has it")


def tuning(command):
    command.add_argument("--lanes", type=int, default=2)
    command.add_argument("--env", action="append", default=[], metavar="COPYDESK__SECTION__KEY=VALUE", help="for copydesk")
    command.add_argument("--mirror", action="append", default=[], metavar="KEY=VALUE", help="for the mirror")


def throughput_arguments(command):
    command.add_argument("--only", help="these contenders, separated by commas")
    command.add_argument("--articles", type=int, default=200_000)
    command.add_argument("--size", type=int, default=4_000, help="bytes of an article on the average")
    command.add_argument("--repeats", type=float, default=0.1, help="share of paragraphs that come again")
    command.add_argument("--partitions", type=int, default=4)
    command.add_argument("--rounds", type=int, default=3)
    tuning(command)


def throughput_options(*arguments):
    parser = argparse.ArgumentParser()
    throughput_arguments(parser)
    return parser.parse_args(arguments)


def everything(_):
    throughput(throughput_options())


def quick(_):
    throughput(throughput_options("--articles", "50000", "--rounds", "1"))


def main():
    parser = argparse.ArgumentParser(description="copydesk beside others on a real Apache Kafka")
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    command = commands.add_parser("throughput", help="articles a second, CPU and memory at full load, all contenders in turn")
    command.set_defaults(run=throughput)
    throughput_arguments(command)
    command = commands.add_parser("profile", help="where the CPU of a contender goes, by perf")
    command.set_defaults(run=profile)
    command.add_argument("contender", nargs="?", default="copydesk", choices=("copydesk", "mirror"))
    command.add_argument("--articles", type=int, default=100_000)
    command.add_argument("--size", type=int, default=4_000)
    command.add_argument("--partitions", type=int, default=4)
    tuning(command)
    command.add_argument("--perf", default="", help="more options of `perf record`")
    command = commands.add_parser("quick", help="the short form of everything, in under four minutes")
    command.set_defaults(run=quick)
    command = commands.add_parser("all", help="everything")
    command.set_defaults(run=everything)
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Asked to stop, it stops what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = options.run
    del options.run
    run(options)


if __name__ == "__main__":
    main()
