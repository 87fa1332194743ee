"""vLLM in this process: continuous batching, prefix caching, tensor and data parallel by its own arguments."""

import os
import subprocess
import sys
from typing import Any

from cxr_cli.engines.background import Background
from cxr_cli.engines.choosing import Spec, is_url
from cxr_cli.engines.requests import Reply, Request, images
from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.models import load_processor, locate

AHEAD = 2  # requests in hand for each that runs, so that none waits for a film
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # of LoRA adapters
_REAPER = "import os, signal, sys\npids = sys.stdin.readline().split()\nsys.stdin.read()\nfor pid in pids:\n" + (
    "    try: os.kill(int(pid), signal.SIGKILL)\n    except OSError: pass\n"
)


class Vllm(Background):
    """The engine `vllm`. spec.args are vLLM's engine arguments: tensor_parallel_size, max_model_len, .."""

    name = "vllm"

    def __init__(self, spec: Spec) -> None:
        if is_url(spec.model):
            raise CxrError(f"{spec.model} is a server: --engine openai, or auto, asks it")
        self._quieten()
        with need("vllm"):
            import vllm
        model = locate(spec.model, spec.revision)
        arguments: dict[str, Any] = {
            "enable_prefix_caching": True,
            "load_format": "safetensors",
            "limit_mm_per_prompt": {"video": 0},
            "disable_log_stats": True,
        }
        self.lora: Any = None
        if model.adapter:
            from vllm.lora.request import LoRARequest

            self.lora = LoRARequest("adapter", 1, str(model.adapter))
            arguments |= {"enable_lora": True, "max_lora_rank": _rank(model.adapter)}
        arguments |= {"model": model.base, "revision": spec.revision, **spec.args}
        self.sampling, self._vllm = spec.sampling, vllm
        self.processor = load_processor(model.base, spec.revision)
        super().__init__()
        try:
            self.engine = self.run(self._open(arguments))
        except BaseException as error:
            self.close()
            if isinstance(error, (ValueError, RuntimeError, OSError, TypeError)):
                raise CxrError(f"vLLM cannot load {spec.model}: {_first_line(error)}") from error
            raise
        self.capacity = AHEAD * self.engine.vllm_config.scheduler_config.max_num_seqs
        self.signature = {
            "engine": self.name,
            "model": spec.model,
            "revision": model.revision,
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            "max_tokens": self.sampling.max_tokens,
            **{name: value for name, value in spec.args.items() if name in ("dtype", "quantization")},
        }

    async def answer(self, request: Request) -> Reply:
        prompt: dict[str, Any] = {"prompt": self.prompt(request)}
        if pictures := images(request.messages):
            prompt["multi_modal_data"] = {"image": [picture.convert("RGB") for picture in pictures]}
        try:
            stream = self.engine.generate(prompt, self._params(request), request.id, lora_request=self.lora)
            done = [output async for output in stream][-1]
        except (ValueError, TypeError, KeyError) as error:  # this request's; the others go on
            return Reply(request.id, seed=request.seed, error=_reason(error))
        except Exception as error:
            if self.engine.errored:
                raise CxrError(f"vLLM has died: {_first_line(error)}") from error
            return Reply(request.id, seed=request.seed, error=_reason(error))
        said = done.outputs[0]
        asked = len(done.prompt_token_ids or ())
        return Reply(request.id, said.text, said.finish_reason, asked, len(said.token_ids), request.seed)

    def prompt(self, request: Request) -> str:
        """The messages as the model's own chat template writes them."""
        text: str = self.processor.apply_chat_template(
            [dict(message) for message in request.messages], tokenize=False, add_generation_prompt=True
        )
        return text

    async def finish(self) -> None:
        if engine := getattr(self, "engine", None):
            engine.shutdown()
        if reaper := getattr(self, "_reaper", None):
            reaper.kill()
            reaper.wait()

    async def _open(self, arguments: dict[str, Any]) -> Any:
        before = set(_children())
        engine = self._vllm.AsyncLLMEngine.from_engine_args(self._vllm.AsyncEngineArgs(**arguments))
        # The engine's processes would outlive this one, and keep the GPU, if it were killed.
        self._reaper = subprocess.Popen([sys.executable, "-c", _REAPER], stdin=subprocess.PIPE, start_new_session=True)
        assert self._reaper.stdin is not None
        self._reaper.stdin.write(f"{' '.join(map(str, set(_children()) - before))}\n".encode())
        self._reaper.stdin.flush()
        return engine

    def _params(self, request: Request) -> Any:
        sampling, more = self.sampling, {}
        if request.schema is not None:
            from vllm.sampling_params import StructuredOutputsParams

            more["structured_outputs"] = StructuredOutputsParams(json=dict(request.schema), disable_any_whitespace=True)
        return self._vllm.SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            seed=request.seed,
            output_kind=self._vllm.sampling_params.RequestOutputKind.FINAL_ONLY,
            **more,
        )

    def _quieten(self) -> None:
        defaults = {
            "VLLM_LOGGING_LEVEL": "WARNING",
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # this process has threads
        }
        for name, value in defaults.items():
            os.environ.setdefault(name, value)


def _children() -> list[int]:
    from multiprocessing import active_children

    return [child.pid for child in active_children() if child.pid]


def _rank(adapter: Any) -> int:
    import json

    rank = json.loads((adapter / "adapter_config.json").read_text()).get("r", 16)
    return next((allowed for allowed in _RANKS if allowed >= rank), rank)


def _reason(error: Exception) -> str:
    text = str(error)
    if "longer than" in text or "max_model_len" in text or "maximum model length" in text:
        return "longer than the model takes: --engine-arg max_model_len=N allows more"
    if "At most" in text and "image" in text:
        return "more images than vLLM is set to: --engine-arg 'limit_mm_per_prompt={\"image\":N}'"
    return f"vLLM refuses it ({type(error).__name__})"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
