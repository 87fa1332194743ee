"""Hugging Face transformers in this process: for a CPU, or one GPU without vLLM."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, Self

from cxr_cli.engines.choosing import Spec, is_url
from cxr_cli.engines.requests import Reply, Request, images, unheeded
from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.models import default_dtype, load_model, load_processor, locate

WINDOW = 8  # batches in hand, of which the next one takes requests of about the same length


class Transformers:
    """The engine `transformers`. spec.args go to `from_pretrained`: dtype, attn_implementation, device_map, .."""

    name = "transformers"
    on_reply: Callable[[Reply], None] = staticmethod(unheeded)

    def __init__(self, spec: Spec) -> None:
        if is_url(spec.model):
            raise CxrError(f"{spec.model} is a server: --engine openai, or auto, asks it")
        with need("train"):
            import torch
        self.located = locate(spec.model, spec.revision)
        self.spec, self.sampling, self.batch, self.capacity = spec, spec.sampling, spec.batch, WINDOW * spec.batch
        self.signature = {
            "engine": self.name,
            "model": self.located.name,
            "revision": self.located.revision,
            **asdict(self.sampling),
            "dtype": spec.args.get("dtype") or default_dtype(self.located.base, spec.revision),
        }
        self._torch = torch
        self._waiting: list[tuple[int, str, Request]] = []  # length, prompt, request
        self._ready: deque[Reply] = deque()

    @cached_property
    def processor(self) -> Any:
        """Loaded, as the model is, when something is asked: a run that the cache answers needs neither."""
        return load_processor(self.located.base, self.spec.revision)

    @cached_property
    def model(self) -> Any:
        return load_model(self.located, self.spec.revision, **self.spec.args)

    @cached_property
    def tokenizer(self) -> Any:
        tokenizer: Any = getattr(self.processor, "tokenizer", self.processor)
        tokenizer.padding_side = "left"
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def submit(self, request: Request) -> None:
        text = self.processor.apply_chat_template(
            [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
        )
        pictures = images(request.messages)
        self._waiting.append((len(text) + sum(w * h // 196 for w, h in (p.size for p in pictures)), text, request))

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
        """A batch at once; one by one if it cannot be done so, to find the request that is at fault."""
        try:
            return self._generate(batch)
        except self._torch.OutOfMemoryError as error:
            if len(batch) == 1:
                raise CxrError("out of memory with one request at a time: take a smaller --size or model") from error
            self._torch.cuda.empty_cache()
            half = len(batch) // 2
            return self._answer(batch[:half]) + self._answer(batch[half:])
        except (ValueError, IndexError, TypeError) as error:
            if len(batch) == 1:
                reason = f"the model cannot take it ({type(error).__name__})"
                return [Reply(batch[0][1].id, seed=batch[0][1].seed, error=reason)]
            return [reply for one in batch for reply in self._answer([one])]

    def _generate(self, batch: Sequence[tuple[str, Request]]) -> list[Reply]:
        torch = self._torch
        tokenizer, longest = self.tokenizer, self.model.config.get_text_config().max_position_embeddings
        texts, requests = [text for text, _ in batch], [request for _, request in batch]
        pictures = [[picture.convert("RGB") for picture in images(request.messages)] for request in requests]
        given: dict[str, Any] = {"images": [p for p in pictures if p]} if any(pictures) else {}
        inputs = self.processor(text=texts, padding=True, return_tensors="pt", **given).to(self.model.device)
        lengths = inputs["attention_mask"].sum(dim=1).tolist()
        if len(batch) == 1 and lengths[0] > longest:
            reason = f"longer than the model takes: {lengths[0]} tokens of {longest}"
            return [Reply(requests[0].id, seed=requests[0].seed, error=reason)]
        if max(lengths) > longest:
            raise ValueError("one is too long")
        sampler = None
        if self.sampling.temperature > 0:
            seeds = [request.seed or 0 for request in requests]
            sampler = [_Sampler(seeds, self.sampling, self.model.device, torch)]
        with torch.inference_mode():
            out = self.model.generate(
                **inputs,
                max_new_tokens=self.sampling.max_tokens,
                do_sample=False,  # the sampler draws, row by row
                logits_processor=sampler,
                pad_token_id=tokenizer.pad_token_id,
                repetition_penalty=1.0,  # whatever the model's own defaults: as vLLM draws
                temperature=None,
                top_p=None,
                top_k=None,
            )
        ends = self.model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else {*(ends or ()), tokenizer.eos_token_id}
        replies = []
        rows = out[:, inputs["input_ids"].shape[1] :].tolist()
        for request, length, row in zip(requests, lengths, rows, strict=True):
            stop = next((i for i, token in enumerate(row) if token in ends), None)
            said = row if stop is None else row[:stop]
            text = tokenizer.decode(said, skip_special_tokens=True)
            tokens = len(row) if stop is None else stop + 1
            finish = "length" if stop is None else "stop"
            replies.append(Reply(request.id, text, finish, length, tokens, request.seed))
        return replies


class _Sampler:
    """Draws each row with a generator of its own, so that a row's draws do not depend on the batch it is in.

    Gumbel-max: the largest of log p + Gumbel noise is a draw from p, so that greedy decoding of these scores samples.
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
