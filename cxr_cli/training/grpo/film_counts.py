"""How many films each row has, for models that need it when they score a completion."""

from typing import Any

import torch

from cxr_cli.training.data.token_counts import FILM_COUNTS


class FilmCounts:
    """A mixin for GRPOTrainer that hands on `batch_num_images`, which LLaVA-OneVision reads: a film alone is cut into
    tiles, and one of several is not. TRL leaves it out."""

    def _get_per_token_logps_and_entropies(
        self, model: Any, *inputs: Any, num_images: list[int] | None = None, **settings: Any
    ) -> Any:
        settings.pop(FILM_COUNTS, None)
        counts = iter(num_images or ())

        def add_counts(module: Any, arguments: Any, piece: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            """TRL cuts a batch into pieces, in its order."""
            if num_images is not None:
                of_piece = [next(counts) for _ in piece["input_ids"]]
                piece = {**piece, FILM_COUNTS: torch.tensor(of_piece, device=piece["input_ids"].device)}
            return arguments, piece

        hook = model.register_forward_pre_hook(add_counts, with_kwargs=True)
        try:
            return super()._get_per_token_logps_and_entropies(  # type: ignore[misc]
                model, *inputs, num_images=num_images, **settings
            )
        finally:
            hook.remove()
