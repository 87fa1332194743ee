"""Hugging Face transformers in this process: for a CPU, or for a GPU without vLLM."""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, Self

from cxr_cli.engines.model_files import (
    context_length,
    default_dtype,
    load_model,
    load_processor,
    locate,
    reply_opening,
    special_token_pattern,
)
from cxr_cli.engines.requests import (
    Reply,
    Request,
    Sampling,
    failed_reply,
    ignore_reply,
    images_in,
    special_token_reply,
)
from cxr_cli.engines.spec import Spec
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

WINDOW = 8  # batches of requests that wait; the next batch takes those of about the same length
_PART_OF_A_CHARACTER = "\N{REPLACEMENT CHARACTER}"  # where a reply was cut off within one; vLLM leaves it out
_PATCH = 14 * 14  # pixels of an image that count as one character of text, to compare lengths


class LocalEngine:
    """An engine for a model in this process. load: returns the model and its processor; called by the first request."""

    name = "transformers"
    on_reply: Callable[[Reply], None] = staticmethod(ignore_reply)

    def __init__(self, load: Callable[[], tuple[Any, Any]], sampling: Sampling, batch: int) -> None:
        with need("train"):
            import torch
        self.load, self.sampling, self.batch, self.capacity = load, sampling, batch, WINDOW * batch
        self.signature: Mapping[str, object] = {"engine": self.name, **asdict(sampling)}
        self._torch = torch
        self._waiting: list[tuple[int, str, Request]] = []  # length, prompt, request
        self._ready: deque[Reply] = deque()

    @cached_property
    def _parts(self) -> tuple[Any, Any, Any]:
        """Model, processor and tokenizer."""
        model, processor = self.load()
        tokenizer = getattr(processor, "tokenizer", processor)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return model, processor, tokenizer

    @property
    def model(self) -> Any:
        return self._parts[0]

    @property
    def processor(self) -> Any:
        return self._parts[1]

    @property
    def tokenizer(self) -> Any:
        return self._parts[2]

    @cached_property
    def _opening(self) -> str:
        return reply_opening(self.processor)

    @cached_property
    def _special(self) -> re.Pattern[str]:
        return special_token_pattern(self.processor)

    def submit(self, request: Request) -> None:
        if refusal := special_token_reply(request, self._special):
            self.on_reply(refusal)
            self._ready.append(refusal)
            return
        processor = self.processor
        try:
            text = processor.apply_chat_template(
                [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
            )
        except Exception as error:  # whatever a template raises; it may quote the messages
            why = f"{type(error).__name__}: it is broken, or not made for system messages or films"
            raise CxrError(f"the model's chat template refuses the request ({why})") from error
        length = len(text) + sum(image.width * image.height // _PATCH for image in images_in(request.messages))
        self._waiting.append((length, text, request))

    def ready(self) -> bool:
        return bool(self._ready)

    def next(self) -> Reply:
        while not self._ready:
            self._waiting.sort(key=lambda waiting: waiting[0])
            batch, self._waiting = self._waiting[-self.batch :], self._waiting[: -self.batch]  # longest first
            replies = self._answer([(text, request) for _, text, request in batch])
            for reply in replies:
                self.on_reply(reply)
            self._ready.extend(replies)
        return self._ready.popleft()

    def close(self) -> None:
        self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _answer(self, batch: Sequence[tuple[str, Request]]) -> list[Reply]:
        """A batch at once; if that fails, in halves or one by one, to find the request at fault."""
        try:
            return self._generate(batch)
        except self._torch.OutOfMemoryError as error:
            if len(batch) == 1:
                raise CxrError("out of memory with one request at a time: use a smaller --size or model") from error
            self._torch.cuda.empty_cache()
            half = len(batch) // 2
            return self._answer(batch[:half]) + self._answer(batch[half:])
        except (ValueError, IndexError, TypeError) as error:
            if len(batch) == 1:
                return [failed_reply(batch[0][1], f"the model refuses the request ({type(error).__name__})")]
            return [reply for one in batch for reply in self._answer([one])]

    def _generate(self, batch: Sequence[tuple[str, Request]]) -> list[Reply]:
        requests = [request for _, request in batch]
        inputs = self._inputs([text for text, _ in batch], requests)
        prompt_tokens = inputs["attention_mask"].sum(dim=1).tolist()
        limit = context_length(self.model.config)
        if len(batch) == 1 and prompt_tokens[0] > limit:
            return [failed_reply(requests[0], f"longer than the model takes: {prompt_tokens[0]} tokens of {limit}")]
        if max(prompt_tokens) > limit:
            raise ValueError("a request of the batch is too long")
        sampler = None
        if self.sampling.temperature > 0:
            seeds = [request.seed or 0 for request in requests]
            sampler = [_Sampler(seeds, self.sampling, self.model.device, self._torch)]
        with self._torch.no_grad():  # not in inference mode: the model may be one that is being trained
            output = self.model.generate(
                **inputs,
                max_new_tokens=self.sampling.max_tokens,
                do_sample=False,  # the sampler samples, row by row
                logits_processor=sampler,
                pad_token_id=self.tokenizer.pad_token_id,
                repetition_penalty=1.0,  # as vLLM samples, whatever the model's own defaults are
                temperature=None,
                top_p=None,
                top_k=None,
            )
        completions = output[:, inputs["input_ids"].shape[1] :].tolist()
        return [self._reply(*parts) for parts in zip(requests, prompt_tokens, completions, strict=True)]

    def _inputs(self, texts: list[str], requests: list[Request]) -> Any:
        """Tensors of the batch: padded on the left, with the pixels of its images."""
        images = [[image.convert("RGB") for image in images_in(request.messages)] for request in requests]
        settings: dict[str, Any] = {"images": [of_one for of_one in images if of_one]} if any(images) else {}
        settings |= {"padding": True, "padding_side": "left", "return_tensors": "pt"}
        inputs = self.processor(text=texts, add_special_tokens=False, **settings)  # the template has written them
        return inputs.to(self.model.device)

    def _reply(self, request: Request, prompt_tokens: int, tokens: list[int]) -> Reply:
        """tokens: of the completion, up to the end of the longest one in its batch."""
        ends = self.model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else {*(ends or ()), self.tokenizer.eos_token_id}
        stop = next((place for place, token in enumerate(tokens) if token in ends), None)
        opening = self._opening if not request.schema else ""
        text = opening + self.tokenizer.decode(tokens[:stop], skip_special_tokens=True).rstrip(_PART_OF_A_CHARACTER)
        count, finish = (len(tokens), "length") if stop is None else (stop + 1, "stop")
        return Reply(request.id, text, finish, prompt_tokens, count, request.seed)


class Transformers(LocalEngine):
    """The engine `transformers`. spec.args go to `from_pretrained`: dtype, attn_implementation, device_map, .."""

    def __init__(self, spec: Spec) -> None:
        files = locate(spec.model, spec.revision)

        def load() -> tuple[Any, Any]:
            return load_model(files, spec.revision, **spec.args), load_processor(files.base, spec.revision)

        super().__init__(load, spec.sampling, spec.batch)
        self.signature = {
            "engine": self.name,
            "model": files.name,
            "revision": files.revision,
            **asdict(spec.sampling),
            "dtype": spec.args.get("dtype") or default_dtype(files.base, spec.revision),
        }


class _Sampler:
    """Samples each row with its own generator, so that a row's tokens do not depend on the batch it is in.

    scores: (rows, vocabulary). By the Gumbel-max trick the largest of log p + Gumbel noise is a sample of p, so that
    greedy decoding of the returned scores samples.
    """

    def __init__(self, seeds: Sequence[int], sampling: Any, device: Any, torch: Any) -> None:
        self.sampling, self.torch = sampling, torch
        self.generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        torch = self.torch
        scores = scores.float() / self.sampling.temperature
        if self.sampling.top_p < 1:
            ordered, order = scores.sort(dim=-1, descending=True)
            before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
            cut = before >= self.sampling.top_p
            scores = scores.masked_fill(cut.scatter(-1, order, cut), -torch.inf)
        noise = torch.stack([torch.rand(scores.shape[-1], generator=g, device=g.device) for g in self.generators])
        return scores - torch.log(-torch.log(noise.clamp_min(1e-20)))
