"""How the time of reading grows with a text that repeats itself: every kind of repetition, by every reading."""

from tests.timing import KINDS, READINGS, Kind, Reading, cpu_seconds, random_kinds

LENGTH = 4_000  # characters of the shortest of three texts, each twice as long as the one before
RUNS = 3
RANDOM_KINDS = 100


def growth(reading: Reading, kind: Kind) -> list[float]:
    """CPU seconds of the three texts."""
    return [cpu_seconds(reading, kind, LENGTH << doubling, RUNS) for doubling in range(3)]


def main() -> None:
    print(f"{'kind':32}{'slowest reading':20}{'ms of 4, 8, 16 kB':>24}{'times as long':>16}")
    for kind in [*KINDS, *random_kinds(7, RANDOM_KINDS)]:
        seconds = {name: growth(reading, kind) for name, reading in READINGS.items()}
        name = max(seconds, key=lambda name: seconds[name][-1])
        times = "".join(f"{1000 * each:8.1f}" for each in seconds[name])
        print(f"{kind[1]!r:32.31}{name:20}{times:>24}{seconds[name][-1] / seconds[name][0]:16.1f}")
