"""What a model must have to be trained on films; nothing is asked about its name."""

import inspect
from typing import Any

from cxr_cli.errors import CxrError

_QUESTION = "Is there a pleural effusion?"


def check_model(model: Any, processor: Any) -> None:
    """Raises CxrError for a model that cannot be trained on films, with what it lacks: a chat template that takes
    films and texts, a processor that makes tokens of them, a forward that takes all that the processor makes.

    model: with or without weights.
    """
    from PIL import Image

    family = f"the model family {model.config.model_type}"
    content = [{"type": "image"}, {"type": "text", "text": _QUESTION}]
    try:
        text = processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
    except Exception as error:  # whatever a template raises
        raise CxrError(f"{family}: its chat template takes no films ({type(error).__name__})") from error
    if _QUESTION not in text:
        raise CxrError(f"{family}: its chat template leaves the question out")
    films = [[Image.new("RGB", (448, 448))]]
    try:
        inputs = processor(text=[text], images=films, return_tensors="pt", add_special_tokens=False)
    except Exception as error:  # whatever a processor raises
        raise CxrError(f"{family}: its processor does not take a film with a text ({type(error).__name__})") from error
    tokens = {*processor.image_token_ids} - {None}
    if not tokens & {*inputs["input_ids"][0].tolist()}:
        raise CxrError(f"{family}: its chat template leaves films out")
    parameters = inspect.signature(model.forward).parameters
    if missing := [name for name in inputs if name not in parameters]:
        raise CxrError(f"{family}: its forward does not take {missing[0]}, which its processor makes")
