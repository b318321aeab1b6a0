#!/usr/bin/env python3
"""Runs gateway_bench and makes docs/bench/ of it, or prints the ratios of a short run.

  tools/bench.py BENCH SERVER [--rounds=10] [--rows=NAME,...] [--out=docs/bench]
  tools/bench.py BENCH SERVER --quick
  tools/bench.py --tables              tables and plots anew, from docs/bench/results.json

For each row: the median of the rounds, the ratio of Sparkgate to nginx in the same round, and the
95 % bootstrap interval of its median. A row holds its bar if the upper end of that interval does.
"""

import argparse
import datetime
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys

QUICK_ROWS = ["unary_32", "unary_1", "streams_64_spread", "streams_64_bunched"]

# Label, row of gateway_bench, figure, how it is compared (ratio: to nginx's; over: beyond nginx's,
# in the figure's unit; own: by itself) and the bar.
MEASURES = [
    ("Added time to first token, p50 (µs beyond nginx)", "first_token", "first_token_p50_us", "over", 150),
    ("Added time to first token, p99 beyond direct", "first_token", "first_token_p99_us", "added", 1.5),
    ("Delay of a chunk, p99, 64 × 20 ms, spread", "streams_64_spread", "delay_p99_us", "ratio", 1.2),
    ("Delay of a chunk, p99, 64 × 20 ms, bunched", "streams_64_bunched", "delay_p99_us", "ratio", 1.2),
    ("CPU per chunk, 1,000 × 40 ms, bunched", "streams_1000_bunched", "cpu_us", "ratio", 1.7),
    ("CPU per chunk, 1,000 × 40 ms, spread", "streams_1000_spread", "cpu_us", "ratio", 1.3),
    ("CPU per chunk, 64 × 20 ms, bunched", "streams_64_bunched", "cpu_us", "ratio", 2.2),
    ("CPU per chunk, 64 × 20 ms, spread", "streams_64_spread", "cpu_us", "ratio", 1.4),
    ("CPU per chunk, 50,000 a second", "streams_fast", "cpu_us", "ratio", 1.0),
    ("CPU per chunk over TLS, 64 × 20 ms, spread", "streams_64_spread_tls", "cpu_us", "ratio", 1.2),
    ("CPU per chunk over TLS, 500 × 40 ms, spread", "streams_500_spread_tls", "cpu_us", "ratio", 1.2),
    ("CPU per chunk over TLS, 500 × 40 ms, bunched", "streams_500_bunched_tls", "cpu_us", "ratio", 1.2),
    ("CPU per unary call over TLS, 32 in flight", "unary_32_tls", "cpu_us", "ratio", 4),
    ("CPU per unary call, 32 in flight", "unary_32", "cpu_us", "ratio", 4),
    ("CPU per unary call, alone", "unary_1", "cpu_us", "ratio", 4.5),
    ("Thread switches per unary call, alone", "unary_1", "switches", "own", 4),
    ("Abort, p99, idle (µs)", "abort_idle", "abort_p99_us", "own", 700),
    ("Abort, p99, beside 1,000 streams (µs)", "abort_1000", "abort_p99_us", "own", 1000),
    ("KiB per open stream, prompt of 1 KiB", "streams_slow", "kib_per_stream", "own", 32),
    ("KiB per open stream, prompt of 64 KiB", "streams_64k_prompt", "kib_per_stream", "own", 44),
    ("KiB per open stream over TLS, prompt of 1 KiB", "streams_slow_tls", "kib_per_stream", "own", 80),
    ("KiB per stream whose reader has stopped, of 1,000", "readers_stopped", "kib_per_stream", "own", 160),
    ("MiB still resident 10 s after these have gone", "readers_stopped", "left_mib", "own", 20),
    ("Largest gap, 5,000 streams × 2/s (ms)", "scale_5000", "largest_gap_ms", "own", 600),
    ("First call after 1 s of silence, p50 (µs beyond busy)", "first_call_1s", "time_p50_us", "busy", 700),
    ("Start to ready (ms)", "idle", "start_ms", "own", 40),
    ("Resident when idle (MiB)", "idle", "idle_mib", "own", 20),
]


def run_bench(arguments):
    command = [arguments.bench, f"--server={arguments.server}", f"--rounds={arguments.rounds}",
               f"--seconds={arguments.seconds}", "--nginx_conf=tests/bench/nginx.conf"]
    if arguments.rows:
        command.append(f"--rows={arguments.rows}")
    results = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bench:
        for line in bench.stdout:
            results.append(json.loads(line))
            if not arguments.quick:
                print(line, end="", flush=True)
    if bench.returncode != 0:
        sys.exit("gateway_bench failed")
    return results


def by_round(results, row, system, figure):
    # What a process has kept of an earlier round would hide a part of the next one's memory.
    only_first = figure == "kib_per_stream"
    return {r["round"]: r[figure] for r in results
            if r["row"] == row and r["system"] == system and figure in r
            and not (only_first and r["round"] > 0)}


def values_of(results, row, figure, kind):
    """One value for each round, of what the bar is about."""
    own = by_round(results, row, "sparkgate", figure)
    nginx = by_round(results, row, "nginx", figure)
    if kind == "own":
        return list(own.values())
    if kind == "ratio":
        return [own[r] / nginx[r] for r in own if nginx.get(r)]
    if kind == "over":
        return [own[r] - nginx[r] for r in own if r in nginx]
    if kind == "added":
        direct = by_round(results, row, "direct", figure)
        return [(own[r] - direct[r]) / (nginx[r] - direct[r]) for r in own
                if r in nginx and nginx[r] > direct[r]]
    busy = by_round(results, "first_call_busy", "sparkgate", figure)
    return [own[r] - busy[r] for r in own if r in busy]


def interval(values):
    """The 95 % bootstrap interval of the median."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[-51]


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def table(results):
    lines = ["| measure | nginx | Sparkgate | compared | 95 % | bar | |", "|---|---|---|---|---|---|---|"]
    for label, row, figure, kind, bar in MEASURES:
        values = values_of(results, row, figure, kind)
        if not values:
            continue
        low, high = interval(values)
        medians = [statistics.median(found.values()) if found else None
                   for found in (by_round(results, row, system, figure) for system in ("nginx", "sparkgate"))]
        shown = ["" if median is None else number(median) for median in medians]
        sign = " ×" if kind in ("ratio", "added") else ""
        lines.append(f"| {label} | {shown[0]} | {shown[1]} | {number(statistics.median(values))}{sign} "
                     f"| {number(low)} – {number(high)} | ≤ {number(bar)} | {'met' if high <= bar else '**missed**'} |")
    return "\n".join(lines)


def too_weak(results):
    """Rows in which client and upstream alone do not reach three times the load."""
    rows = []
    for row in ("unary_32", "unary_1"):
        direct = by_round(results, row, "direct", "per_second").values()
        loaded = by_round(results, row, "nginx", "per_second").values()
        if direct and loaded and statistics.median(direct) < 3 * statistics.median(loaded):
            rows.append(f"{row}: nginx at {number(statistics.median(loaded))}/s, alone "
                        f"{number(statistics.median(direct))}/s")
    for result in results:
        if result.get("pace_held", 1) < 0.98:
            rows.append(f"{result['row']} through {result['system']}: {result['pace_held']:.0%} of the pace")
    return sorted(set(rows))


def plot(title, unit, series):
    """Lines over a logarithmic axis, as SVG. `series`: {name: [(x, y), ...]}."""
    import math
    width, height, left, bottom = 640, 360, 60, 50
    points = [p for line in series.values() for p in line]
    if not points:
        return ""
    most = max(y for _, y in points) * 1.1
    least, greatest = (math.log10(pick(x for x, _ in points)) for pick in (min, max))
    place = lambda x, y: (left + (width - left - 20) * (math.log10(x) - least) / (greatest - least or 1),
                          height - bottom - (height - bottom - 40) * y / most)
    colours = {"sparkgate": "#b33", "nginx": "#383"}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="{width / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>']
    for step in range(5):
        y = most * step / 4
        _, at = place(10 ** least, y)
        out.append(f'<line x1="{left}" x2="{width - 20}" y1="{at:.0f}" y2="{at:.0f}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{at + 4:.0f}" text-anchor="end">{number(y)}</text>')
    for x in sorted({x for x, _ in points}):
        at, _ = place(x, 0)
        out.append(f'<text x="{at:.0f}" y="{height - bottom + 18}" text-anchor="middle">{x:,}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle">open streams</text>')
    out.append(f'<text x="14" y="{height / 2}" transform="rotate(-90 14 {height / 2})" text-anchor="middle">{unit}</text>')
    for order, (name, line) in enumerate(series.items()):
        colour = colours.get(name, "#338")
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in (place(*p) for p in sorted(line)))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{width - 110}" y="{50 + 18 * order}" fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>", ""])


def scale_series(results, figure):
    series = {}
    for system in ("nginx", "sparkgate"):
        rows = sorted({r["row"] for r in results if re.fullmatch(r"scale_\d+", r["row"])})
        line = [(int(row.split("_")[1]), statistics.median(found.values())) for row in rows
                if (found := by_round(results, row, system, figure))]
        if figure == "kib_per_stream":  # of a few it is what the first call makes once
            line = [(streams, kib) for streams, kib in line if streams >= 100]
        if line:
            series[system] = line
    return series


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        model = re.search(r"model name\s*:\s*(.*)", cpuinfo.read())
    nginx = subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "nginx": nginx.strip().rpartition("/")[2],
        "load_before": os.getloadavg()[0],
    }


def write_results(out, where, rounds, results):
    os.makedirs(out, exist_ok=True)
    with open(f"{out}/results.json", "w", encoding="utf-8") as file:
        lines = ",\n  ".join(json.dumps(result) for result in results)
        file.write(json.dumps({"machine": where, "rounds": rounds})[:-1] + ',\n "results": [\n  ' + lines + "\n]}\n")
    weak = too_weak(results)
    with open(f"{out}/results.md", "w", encoding="utf-8") as file:
        file.write(f"# Results\n\n{where['date']}, {where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, "
                   f"nginx {where['nginx']}, {rounds} rounds (three of slow rows, the first alone for memory of streams); "
                   f"load of the machine before: {where['load_before']:.1f}. Made by `make bench`.\n\n{table(results)}\n")
        if weak:
            file.write("\nThe client or the upstream was not strong enough for these:\n\n"
                       + "".join(f"- {line}\n" for line in weak))
    for figure, title, unit in (("cpu_us", "CPU per chunk", "µs"), ("kib_per_stream", "Memory per stream", "KiB")):
        with open(f"{out}/{figure}.svg", "w", encoding="utf-8") as file:
            file.write(plot(title, unit, scale_series(results, figure)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench", nargs="?")
    parser.add_argument("server", nargs="?")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rows", default="")
    parser.add_argument("--out", default="docs/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tables", action="store_true")
    arguments = parser.parse_args()
    if arguments.tables:
        with open(f"{arguments.out}/results.json", encoding="utf-8") as file:
            made = json.load(file)
        write_results(arguments.out, made["machine"], made["rounds"], made["results"])
        return
    if arguments.quick:
        arguments.rows, arguments.rounds, arguments.seconds = ",".join(QUICK_ROWS), 3, 1
    where = machine()
    results = run_bench(arguments)
    print(table(results))
    for line in too_weak(results):
        print("not enough:", line)
    if not arguments.quick:
        write_results(arguments.out, where, arguments.rounds, results)


if __name__ == "__main__":
    main()
