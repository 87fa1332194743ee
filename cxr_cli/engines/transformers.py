"""Hugging Face transformers in this process: for a CPU, or one GPU without vLLM."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, Self

from cxr_cli.engines.local_models import default_dtype, load_model, load_processor, locate
from cxr_cli.engines.requests import Reply, Request, Sampling, ignore_reply, images_in
from cxr_cli.engines.spec import Spec
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

WINDOW = 8  # batches in hand, of which the next one takes requests of about the same length


class LocalEngine:
    """An engine around a model in this process. load: gives the model and its processor, when something is asked."""

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
    def _loaded(self) -> tuple[Any, Any]:
        return self.load()

    @property
    def model(self) -> Any:
        return self._loaded[0]

    @property
    def processor(self) -> Any:
        return self._loaded[1]

    @cached_property
    def tokenizer(self) -> Any:
        tokenizer: Any = getattr(self.processor, "tokenizer", self.processor)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def submit(self, request: Request) -> None:
        text = self.processor.apply_chat_template(
            [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
        )
        pictures = images_in(request.messages)
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
        pictures = [[picture.convert("RGB") for picture in images_in(request.messages)] for request in requests]
        given: dict[str, Any] = {"images": [p for p in pictures if p]} if any(pictures) else {}
        inputs = self.processor(text=texts, padding=True, padding_side="left", return_tensors="pt", **given)
        inputs = inputs.to(self.model.device)
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
        with torch.no_grad():  # not in inference mode: the model may be one that is trained
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


class Transformers(LocalEngine):
    """The engine `transformers`. spec.args go to `from_pretrained`: dtype, attn_implementation, device_map, .."""

    def __init__(self, spec: Spec) -> None:
        located = locate(spec.model, spec.revision)

        def load() -> tuple[Any, Any]:
            return load_model(located, spec.revision, **spec.args), load_processor(located.base, spec.revision)

        super().__init__(load, spec.sampling, spec.batch)
        self.signature = {
            "engine": self.name,
            "model": located.name,
            "revision": located.revision,
            **asdict(spec.sampling),
            "dtype": spec.args.get("dtype") or default_dtype(located.base, spec.revision),
        }


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
