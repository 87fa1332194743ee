"""The order of the prompts in each epoch of GRPO."""

from collections.abc import Iterator
from typing import Any

from torch.utils.data import Sampler


class EpochSampler(Sampler[int]):  # type: ignore[misc]
    """TRL's sampler, its order in an epoch decided by the seed and the number of the epoch.

    TRL's own goes on from the epochs before in the same process: a training that is resumed in its second epoch takes
    the prompts in the order of the first.
    """

    def __init__(self, sampler: Any, seed: int) -> None:
        """sampler: a RepeatSampler, which shuffles by its `generator`."""
        self._sampler, self._seed = sampler, seed

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, counted from 0."""
        if self._sampler.shuffle:
            self._sampler.generator.manual_seed(self._seed + epoch)

    def __iter__(self) -> Iterator[int]:
        return iter(self._sampler)

    def __len__(self) -> int:
        return len(self._sampler)
