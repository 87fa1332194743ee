"""vLLM in this process: continuous batching, prefix caching, tensor and data parallel by its own arguments."""

import asyncio
import json
import os
import re
import signal
import sys
from dataclasses import asdict
from importlib.util import find_spec
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from cxr_cli.engines.async_engine import AsyncEngine
from cxr_cli.engines.local_models import load_processor, locate
from cxr_cli.engines.requests import Reply, Request, images_in
from cxr_cli.engines.spec import Spec
from cxr_cli.engines.vllm.orphans import OrphanWatch
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

TOGETHER, WAIT = 64, 0.5  # requests that begin at once, and seconds that the first of them waits for the others
AHEAD = 2  # requests in hand for each that runs, so that none waits for a film
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # of LoRA adapters
_TRIES = 2  # vLLM may ask for an image again that fell out of its cache
_SETTINGS = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONWARNINGS": "ignore",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
}


def check_installed() -> None:
    """Raises CxrError if vLLM is not there. It is not imported, which takes seconds."""
    with need("vllm"):
        if find_spec("vllm") is None:
            raise ModuleNotFoundError(name="vllm")


def quieten() -> None:
    """vLLM speaks of its errors alone, on stderr. Called before it is imported."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


class Vllm(AsyncEngine):
    """The engine `vllm`. spec.args are vLLM's engine arguments: tensor_parallel_size, max_model_len, ..

    It is started by the first request: a run that the cache answers needs none.
    """

    name = "vllm"

    def __init__(self, spec: Spec) -> None:
        check_installed()
        self.spec, self.sampling = spec, spec.sampling
        self.located = locate(spec.model, spec.revision)
        self.capacity = 1
        self.engine: Any = None
        self.lora: Any = None
        self._reaper: OrphanWatch | None = None
        self._held: list[asyncio.Future[None]] = []
        self.signature = {
            "engine": self.name,
            "model": self.located.name,
            "revision": self.located.revision,
            **asdict(self.sampling),
            **{name: value for name, value in spec.args.items() if name in ("dtype", "quantization")},
        }
        super().__init__()

    def submit(self, request: Request) -> None:
        if self.engine is None:
            self._start()
        super().submit(request)

    async def answer(self, request: Request) -> Reply:
        try:
            for _ in range(_TRIES):
                done = await self._generate(request)
                said = done.outputs[0]
                if said.finish_reason != "error":
                    asked = len(done.prompt_token_ids or ())
                    return Reply(request.id, said.text, said.finish_reason, asked, len(said.token_ids), request.seed)
            return Reply(request.id, seed=request.seed, error="vLLM gives no answer to it")
        except Exception as error:
            if self.engine.errored:
                raise CxrError(f"vLLM has died: {_brief(error)}") from error
            return Reply(request.id, seed=request.seed, error=_reason(error))

    async def finish(self) -> None:
        if self.engine is not None:
            self.engine.shutdown()
            self.engine = None  # now, not when the interpreter is half gone
        if self._reaper is not None:
            self._reaper.reap()

    async def _generate(self, request: Request) -> Any:
        text = self.processor.apply_chat_template(
            [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
        )
        prompt: dict[str, Any] = {"prompt": text}
        if pictures := images_in(request.messages):
            prompt["multi_modal_data"] = {"image": [picture.convert("RGB") for picture in pictures]}
        renderer = self.engine.renderer
        # As for a chat: the template has written the special tokens.
        [rendered] = await renderer.render_cmpl_async([prompt], renderer.default_chat_tok_params)
        await self._turn()
        stream = self.engine.generate(rendered, self._params(request), request.id, lora_request=self.lora)
        return [output async for output in stream][-1]

    async def _turn(self) -> None:
        """Requests that come one by one would make many small batches, for a prompt is read as soon as it is there."""
        turn = self.loop.create_future()
        self._held.append(turn)
        if len(self._held) == 1:
            self.loop.call_later(WAIT, self._begin, turn)
        if len(self._held) >= TOGETHER:
            self._begin(turn)
        await turn

    def _begin(self, of: "asyncio.Future[None]") -> None:
        if of in self._held:
            for turn in self._held:
                if not turn.done():
                    turn.set_result(None)
            self._held = []

    def _params(self, request: Request) -> Any:
        from vllm.sampling_params import RequestOutputKind, SamplingParams, StructuredOutputsParams

        schema = None
        if request.schema is not None:
            schema = StructuredOutputsParams(json=dict(request.schema))
        return SamplingParams(
            temperature=self.sampling.temperature,
            top_p=self.sampling.top_p,
            max_tokens=self.sampling.max_tokens,
            seed=request.seed,
            structured_outputs=schema,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def _start(self) -> None:
        self.processor = load_processor(self.located.base, self.spec.revision)
        self._reaper = OrphanWatch()
        try:
            self.engine = self.run(self._open(self._reaper))
        except (ValueError, RuntimeError, OSError, TypeError) as error:
            raise CxrError(f"vLLM cannot load {self.spec.model}: {_brief(error)}") from error
        except KeyboardInterrupt:
            self._reaper.reap()  # else the loop would wait until all is loaded
            raise
        config = self.engine.vllm_config
        self.capacity = AHEAD * config.scheduler_config.max_num_seqs * config.parallel_config.data_parallel_size

    async def _open(self, reaper: OrphanWatch) -> Any:
        quieten()
        os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"  # this process has threads
        with need("vllm"):
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.usage.usage_lib import UsageContext
            from vllm.v1.engine.async_llm import AsyncLLM
        arguments = AsyncEngineArgs(**self._arguments())
        # Ctrl-C is for this process, which then ends the engine's in good order: they inherit that it is blocked.
        resource_tracker.ensure_running()  # when it starts it unblocks
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with reaper.marks():
            # Batches as large as those of vLLM's LLM class; without this they are small.
            return AsyncLLM.from_engine_args(arguments, usage_context=UsageContext.LLM_CLASS)

    def _arguments(self) -> dict[str, Any]:
        args = dict(self.spec.args)
        limits = args.pop("limit_mm_per_prompt", {})
        arguments: dict[str, Any] = {
            "model": self.located.base,
            "revision": self.spec.revision,
            "enable_prefix_caching": True,
            "load_format": "safetensors",
            "limit_mm_per_prompt": {"video": 0, **limits},
            "disable_log_stats": True,
            "use_tqdm_on_load": sys.stderr.isatty(),
            # Else a model may write blanks where JSON allows them, without end. "auto" cannot forbid them.
            "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
        }
        if adapter := self.located.adapter:
            from vllm.lora.request import LoRARequest

            _check_adapter(adapter)
            self.lora = LoRARequest("adapter", 1, str(adapter))
            arguments |= {"enable_lora": True, "max_lora_rank": _rank(adapter)}
        return arguments | args


def _check_adapter(adapter: Path) -> None:
    """vLLM leaves out what an adapter changes in the part that sees, without a word. Raises CxrError."""
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", "np") as weights:
        if any(re.search("visual|vision|projector", name) for name in weights.keys()):  # noqa: SIM118 - no mapping
            raise CxrError(f"{adapter} also changes the vision part, which vLLM cannot: --engine transformers can")


def _rank(adapter: Path) -> int:
    rank = json.loads((adapter / "adapter_config.json").read_text()).get("r", 16)
    return next((allowed for allowed in _RANKS if allowed >= rank), rank)


def _reason(error: Exception) -> str:
    """Why there is no reply, in words that quote nothing of the request."""
    text = str(error.__cause__ or error)
    if re.search(r"maximum (context|model) length|max_model_len|longer than", text):
        return "longer than the model takes: --engine-arg max_model_len=N allows more, as far as the model can"
    if re.search(r"At most \d+ image", text):
        return "more images than vLLM is set to: --engine-arg 'limit_mm_per_prompt={\"image\":N}'"
    if "Failed to apply" in str(error):
        return "the model's processor does not take its films: is one very small or thin?"
    return f"vLLM refuses it ({type(error.__cause__ or error).__name__})"


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
