"""What is sampled is what is scored: the first completions of a job are looked at twice."""

from typing import Any, NamedTuple

import torch
from transformers import TrainerCallback

from cxr_cli.errors import CxrError
from cxr_cli.extras import installed_versions
from cxr_cli.rows import note

VLLM_GAP = "sampling/sampling_logp_difference/mean"  # as TRL logs it where vLLM samples


class SampledTokens(NamedTuple):
    """The tokens of a completion, and the log-probability with which each was drawn."""

    tokens: list[int]
    logps: list[float]


class SamplerCheck(TrainerCallback):  # type: ignore[misc]
    """Compares how likely each token of a job's first completions was when it was sampled with how likely it is when it
    is scored, and reports the mean difference. CxrError: it is above `max_gap`, or another prompt is scored.

    Prompts and films take two ways through TRL, one to be sampled from and one to be scored. Both end in a forward pass
    of the model, and there they are compared. Where vLLM samples, `take_samples` is called, and TRL goes on to log the
    difference, which is read at each log.
    """

    def __init__(self, max_gap: float, temperature: float) -> None:
        self.max_gap = max_gap
        self._recorder: _Recorder | None = _Recorder(temperature)
        self._samples: dict[tuple[int, ...], list[SampledTokens]] = {}
        self._model: Any = None
        self._hooks: list[Any] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self._model, self._generate = model, model.generate
        networks = {model, *([model.get_base_model()] if hasattr(model, "get_base_model") else ())}
        # An adapter's model scores; to generate it calls its base model.
        self._hooks = [network.register_forward_hook(self._forward, with_kwargs=True) for network in networks]
        model.generate = self._recorded_generate

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        self._judge((logs or {}).get(VLLM_GAP, 0.0))

    def take_samples(
        self, prompt_ids: list[list[int]], completion_ids: list[list[int]], logps: list[list[float]]
    ) -> None:
        """Takes the first completions of the job; later ones are not looked at."""
        if self._recorder is None:
            return
        self._recorder = None
        self._model.__dict__.pop("generate", None)
        for prompt, completion, values in zip(prompt_ids, completion_ids, logps, strict=True):
            self._samples.setdefault(tuple(prompt), []).append(SampledTokens(completion, values))

    def _recorded_generate(self, **inputs: Any) -> Any:
        """The model's `generate`, until completions to train on have been sampled."""
        if not self._model.training or self._recorder is None:
            return self._generate(**inputs)
        self._recorder.active = True
        sequences = self._generate(**inputs)
        rows = zip(inputs["input_ids"], inputs["attention_mask"].bool(), strict=True)
        prompts = [ids[real].tolist() for ids, real in rows]
        completions = sequences[:, inputs["input_ids"].shape[1] :].tolist()
        self.take_samples(prompts, completions, self._recorder.logps(sequences[:, -1]))
        return sequences

    def _forward(self, module: Any, _: Any, inputs: dict[str, Any], outputs: Any) -> None:
        if self._recorder is not None:
            if self._recorder.active:
                self._recorder.take(inputs["input_ids"], outputs.logits)
        elif torch.is_grad_enabled() and getattr(outputs, "log_probs", None) is not None:
            for hook in self._hooks:
                hook.remove()
            gap = self._gap(inputs, outputs.log_probs.detach())
            self._samples = {}
            self._judge(gap)
            note(f"sampler and trainer differ by {gap:.2g} in the log-probability of a token")

    def _gap(self, inputs: dict[str, Any], logps: torch.Tensor) -> float:
        """The mean difference over the tokens of a batch that is scored. logps: of each token but the
        first, (completions, tokens - 1)."""
        differences: list[float] = []
        rows = zip(inputs["input_ids"], inputs["attention_mask"].bool(), inputs["labels"], logps, strict=True)
        for ids, mask, labels, values in rows:
            is_scored = labels != -100
            prompt, completion = tuple(ids[mask & ~is_scored].tolist()), ids[is_scored].tolist()
            samples = self._samples.get(prompt, ())
            sample = next((sample for sample in samples if sample.tokens[: len(completion)] == completion), None)
            if sample is None:
                raise CxrError(
                    f"a prompt of {len(prompt)} tokens is scored that was not sampled from: "
                    f"{versions_of('vllm', 'trl', 'transformers')} do not go together for this model"
                )
            pairs = zip(sample.logps, values[is_scored[1:]].float().tolist(), strict=False)
            differences += [abs(drawn - value) for drawn, value in pairs]
        return sum(differences) / max(1, len(differences))

    def _judge(self, gap: float) -> None:
        if not gap <= self.max_gap:
            raise CxrError(
                f"the log-probability of a token differs by {gap:.3g} between sampler and trainer, and max_sampler_gap "
                f"is {self.max_gap:g}: they do not see the same, or not in the same precision "
                f"({versions_of('vllm', 'trl', 'transformers')})"
            )


def versions_of(*packages: str) -> str:
    """ "trl 1.16.0, transformers 5.23.0": of those that are installed."""
    return ", ".join(f"{name} {version}" for name, version in installed_versions(*packages).items())


class _Recorder:
    """Reads the log-probabilities of the tokens that are drawn from the forward passes of a generation.

    active: while a generation is read.
    """

    def __init__(self, temperature: float) -> None:
        self.active, self._temperature = False, temperature
        self._next: torch.Tensor | None = None  # log-probabilities of the next token: (completions, vocabulary)
        self._drawn: list[torch.Tensor] = []  # of each token that was drawn: (completions,)

    def take(self, ids: torch.Tensor, logits: torch.Tensor) -> None:
        """ids: what the model reads, which ends with the token that was drawn from what it wrote before."""
        if self._next is not None:
            self._draw(ids[:, -1])
        self._next = (logits[:, -1].float() / self._temperature).log_softmax(-1)

    def logps(self, last: torch.Tensor) -> list[list[float]]:
        """Of all tokens that were drawn. last: the last ones, which the model does not read any more."""
        self._draw(last)
        return torch.stack(self._drawn, dim=1).tolist()  # type: ignore[no-any-return]

    def _draw(self, tokens: torch.Tensor) -> None:
        assert self._next is not None
        self._drawn.append(self._next.gather(1, tokens[:, None].to(self._next.device))[:, 0])
