"""vLLM in this process: continuous batching and prefix caching; tensor and data parallel by vLLM's own arguments."""

import asyncio
import re
import signal
from dataclasses import asdict
from multiprocessing import resource_tracker
from typing import Any

from cxr_cli.engines.async_engine import AsyncEngine
from cxr_cli.engines.model_files import load_processor, locate, reply_opening, special_token_pattern
from cxr_cli.engines.requests import Reply, Request, failed_reply, images_in, special_token_reply
from cxr_cli.engines.spec import Spec
from cxr_cli.engines.vllm.engine_arguments import QUIET, SPAWN, check_installed, engine_arguments
from cxr_cli.engines.vllm.orphans import OrphanWatch
from cxr_cli.engines.vllm.prompt_check import PromptCheck
from cxr_cli.environment import environment
from cxr_cli.errors import CxrError, EngineError, library_message
from cxr_cli.extras import need

BURST, BURST_WAIT = 64, 0.5  # requests that start at once, and seconds that the first of them waits for the others
QUEUE = 2  # requests handed to vLLM for each that it runs, so that none waits for a film to be decoded
_IMAGE_TRIES = 2  # vLLM may ask again for an image that fell out of its cache


class Vllm(AsyncEngine):
    """The engine `vllm`. spec.args are vLLM's engine arguments: tensor_parallel_size, max_model_len, ..

    The first request starts it: a run that the cache answers does not need it.
    """

    name = "vllm"

    def __init__(self, spec: Spec) -> None:
        check_installed()
        self.spec, self.sampling = spec, spec.sampling
        self.files = locate(spec.model, spec.revision)
        self.capacity = 1
        self.engine: Any = None
        self.lora: Any = None
        self._orphans: OrphanWatch | None = None
        self._burst: list[asyncio.Future[None]] = []
        self.signature = {
            "engine": self.name,
            "model": self.files.name,
            "revision": self.files.revision,
            **asdict(self.sampling),
            **{name: value for name, value in spec.args.items() if name in ("dtype", "quantization")},
        }
        super().__init__()

    def submit(self, request: Request) -> None:
        if self.engine is None:
            self._start()
        super().submit(request)

    async def answer(self, request: Request) -> Reply:
        if refusal := special_token_reply(request, self.special):
            return refusal
        try:
            for _ in range(_IMAGE_TRIES):
                output = await self._generate(request)
                completion = output.outputs[0]
                if completion.finish_reason != "error":
                    tokens = (len(output.prompt_token_ids or ()), len(completion.token_ids))
                    text = completion.text if request.schema else self.opening + completion.text
                    return Reply(request.id, text, completion.finish_reason, *tokens, request.seed)
            return failed_reply(request, "vLLM reports an error without a reason")
        except Exception as error:
            if self.engine.errored:
                raise EngineError(f"vLLM has crashed: {library_message(error)}") from error
            return failed_reply(request, _engine_refusal(error))

    async def finish(self) -> None:
        if self.engine is not None:
            self.engine.shutdown()
            self.engine = None  # now, not when the interpreter is half gone
        if self._orphans is not None:
            self._orphans.kill()

    async def _generate(self, request: Request) -> Any:
        text = self.processor.apply_chat_template(
            [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
        )
        prompt: dict[str, Any] = {"prompt": text}
        if films := [image.convert("RGB") for image in images_in(request.messages)]:
            prompt["multi_modal_data"] = {"image": films}
        renderer = self.engine.renderer
        # The template has written the special tokens; for a vision-language model vLLM would add them once more.
        tokens = renderer.default_chat_tok_params.with_kwargs(add_special_tokens=False)
        [rendered] = await renderer.render_cmpl_async([prompt], tokens)
        await self._wait_for_burst()
        stream = self.engine.generate(rendered, self._parameters(request), request.id, lora_request=self.lora)
        output = [output async for output in stream][-1]
        self._prompts.compare(text, films, output.prompt_token_ids or ())
        return output

    async def _wait_for_burst(self) -> None:
        """Holds requests back until BURST of them are there, or BURST_WAIT is over: vLLM starts a prompt at once, and
        prompts that come one by one would make small batches."""
        start = self.loop.create_future()
        self._burst.append(start)
        if len(self._burst) == 1:
            self.loop.call_later(BURST_WAIT, self._start_burst, start)
        if len(self._burst) >= BURST:
            self._start_burst(start)
        await start

    def _start_burst(self, member: "asyncio.Future[None]") -> None:
        """Starts the burst of this member, unless it has started."""
        if member in self._burst:
            for waiting in self._burst:
                if not waiting.done():
                    waiting.set_result(None)
            self._burst = []

    def _parameters(self, request: Request) -> Any:
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
        self.processor = load_processor(self.files.base, self.spec.revision)
        self.special, self.opening = special_token_pattern(self.processor), reply_opening(self.processor)
        self._prompts = PromptCheck(self.processor)
        self._orphans = OrphanWatch()
        try:
            self.engine = self.run(self._open(self._orphans))
        except (ValueError, RuntimeError, OSError, TypeError) as error:
            raise CxrError(f"vLLM cannot load {self.spec.model}: {library_message(error)}") from error
        except KeyboardInterrupt:
            self._orphans.kill()  # otherwise the loop would wait until the model is loaded
            raise
        config = self.engine.vllm_config
        self.capacity = QUEUE * config.scheduler_config.max_num_seqs * config.parallel_config.data_parallel_size

    async def _open(self, orphans: OrphanWatch) -> Any:
        with environment(QUIET), environment(SPAWN, override=True):
            return self._start_processes(orphans)

    def _start_processes(self, orphans: OrphanWatch) -> Any:
        """vLLM's AsyncLLM, with its processes started."""
        with need("vllm"):
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.usage.usage_lib import UsageContext
            from vllm.v1.engine.async_llm import AsyncLLM
        arguments = AsyncEngineArgs(**engine_arguments(self.spec, self.files))
        if self.files.adapter:
            from vllm.lora.request import LoRARequest

            self.lora = LoRARequest("adapter", 1, str(self.files.adapter))
        # Ctrl-C is for this process, which then shuts the engine's processes down: they inherit the blocked signal.
        resource_tracker.ensure_running()  # it unblocks the signal when it starts
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with orphans.mark_children():
                # Batches as large as those of vLLM's LLM class; without this they are small.
                return AsyncLLM.from_engine_args(arguments, usage_context=UsageContext.LLM_CLASS)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _engine_refusal(error: Exception) -> str:
    """Why there is no reply, without quoting the request."""
    text = str(error.__cause__ or error)
    if re.search(r"maximum (context|model) length|max_model_len|longer than", text):
        return "longer than the model takes: --engine-arg max_model_len=N allows more, as far as the model can"
    if re.search(r"At most \d+ image", text):
        return "more images than vLLM is set to: --engine-arg 'limit_mm_per_prompt={\"image\":N}'"
    if "Failed to apply" in str(error):
        return "the model's processor does not take its films: is one very small or narrow?"
    return f"vLLM refuses the request ({type(error.__cause__ or error).__name__})"
