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
    film, question = {"type": "image"}, {"type": "text", "text": _QUESTION}
    try:
        text, without = (_rendered_prompt(processor, [*films, question]) for films in ([film], []))
    except Exception as error:  # whatever a template raises
        raise CxrError(f"{family}: its chat template takes no films ({type(error).__name__})") from error
    if text == without or _QUESTION not in text:
        lost = "films" if text == without else "questions"
        raise CxrError(f"{family}: its chat template leaves {lost} out")
    films = [[Image.new("RGB", (448, 448))]]
    try:
        inputs = processor(text=[text], images=films, return_tensors="pt")
    except Exception as error:  # whatever a processor raises
        raise CxrError(f"{family}: its processor does not take a film with a text ({type(error).__name__})") from error
    if not {*processor.image_token_ids} & {*inputs["input_ids"][0].tolist()}:
        raise CxrError(f"{family}: its processor makes no tokens of a film")
    parameters = inspect.signature(model.forward).parameters
    if missing := [name for name in inputs if name not in parameters]:
        raise CxrError(f"{family}: its forward does not take {missing[0]}, which its processor makes")


def _rendered_prompt(processor: Any, content: list[dict[str, str]]) -> str:
    messages = [{"role": "user", "content": content}]
    text: str = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return text
