"""Is the time that a reading takes in proportion to the length of its text?"""

import time
from collections.abc import Callable

SHORT = 20_000  # characters


def assert_linear(reading: Callable[[str], object], noise: str, short: int = SHORT) -> None:
    """Twice the text takes at most 2.6 times as long, by the best of several runs.

    reading: of a text, "0 " and many times the noise. short: characters of the shortest text.
    """

    def seconds(n: int) -> float:
        best = 9.0
        for run in range(3):
            text = f"{run} " + noise * (n // len(noise))
            start = time.process_time()
            reading(text)
            best = min(best, time.process_time() - start)
        return best

    def linear() -> bool:
        one, two, four = (seconds(n * short) for n in (1, 2, 4))
        return two <= 2.6 * one + 0.02 and four <= 2.6 * two + 0.02

    assert any(linear() for _ in range(3))  # a busy machine may disturb one measurement
