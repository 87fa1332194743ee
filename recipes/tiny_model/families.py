"""The families of vision-language models, each as small as it can be: `model_type` of their configuration -> Family."""

from collections.abc import Callable
from typing import Any, NamedTuple

from recipes.tiny_model.size import Size

Ids = Callable[[str], int]
Settings = dict[str, Any]


class Parts(NamedTuple):
    """What a family's configuration and processor have beside what all have. text, vision: of the configuration's two
    parts. config: of the whole. images: of the image processor. processor: of the processor around it."""

    text: Settings
    vision: Settings
    config: Settings
    images: Settings
    processor: Settings


class Family(NamedTuple):
    """label: what the family is called. tokens: special tokens of its tokenizer, by the names that its processor asks
    for. template: its chat template. image_processor: a class of transformers that needs no torchvision. parts: its
    configuration, of a size and with the ids of tokens."""

    label: str
    tokens: dict[str, str]
    template: str
    image_processor: str
    parts: Callable[[Size, Ids], Parts]


def chat_template(image: str, *, begin: str = "", start: str, end: str, role: str = "m.role", ask: str) -> str:
    """image: what stands for a film. start: what begins a turn; end: what ends it. ask: what begins a reply."""
    return (
        begin + "{% for m in messages %}" + start.replace("ROLE", "{{ " + role + " }}") + "{% if m.content is string %}"
        "{{ m.content }}{% else %}{% for part in m.content %}{% if part.type == 'image' %}" + image + "{% else %}"
        "{{ part.text }}{% endif %}{% endfor %}{% endif %}" + end + "{% endfor %}"
        "{% if add_generation_prompt %}" + ask + "{% endif %}"
    )


_CHAT: dict[str, str] = {"start": "<|im_start|>ROLE\n", "end": "<|im_end|>\n", "ask": "<|im_start|>assistant\n"}
_QWEN_TOKENS = {"pad": "<|endoftext|>", "bos": "<|im_start|>", "eos": "<|im_end|>", "start of film": "<|vision_start|>"}
_QWEN_TOKENS |= {"end of film": "<|vision_end|>", "film": "<|image_pad|>", "video": "<|video_pad|>"}
_QWEN_CHAT = chat_template("<|vision_start|><|image_pad|><|vision_end|>", **_CHAT)
_THINKING_CHAT = chat_template(
    "<|vision_start|><|image_pad|><|vision_end|>",
    start="{% if m.role == 'assistant' %}{% set text = m.content if m.content is string else m.content[0].text %}"
    "{% set thought = text.split('</think>')[0].split('<think>')[-1] | trim if '</think>' in text else '' %}"
    "{% set m = {'role': m.role, 'content': '<think>\n' + thought + '\n</think>\n\n' + text.split('</think>')[-1]} %}"
    "{% endif %}<|im_start|>ROLE\n",
    end="<|im_end|>\n",
    ask="<|im_start|>assistant\n{% if enable_thinking %}<think>\n{% else %}<think>\n\n</think>\n\n{% endif %}",
)
_QWEN = (_QWEN_TOKENS, _QWEN_CHAT, "Qwen2VLImageProcessorPil")
_MIXED = {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 10000.0}
_BOX = {"height": 56, "width": 56}


def _qwen(size: Size, ids: Ids, vision: Settings, text: Settings) -> Parts:
    """What all Qwen-VL families share: a film is as many tokens as it has squares of two patches."""
    vision = {"depth": size.depth, "num_heads": size.vision // 16, "patch_size": 14, "spatial_merge_size": 2} | vision
    config = {
        "image_token_id": ids("<|image_pad|>"),
        "video_token_id": ids("<|video_pad|>"),
        "vision_start_token_id": ids("<|vision_start|>"),
        "vision_end_token_id": ids("<|vision_end|>"),
    }
    images = {"patch_size": vision["patch_size"], "merge_size": 2, "min_pixels": 56 * 56, "max_pixels": 112 * 112}
    return Parts({"rope_parameters": _MIXED} | text, vision, config, images, {})


def _inner(size: Size) -> Settings:
    return {"hidden_size": size.vision, "intermediate_size": 2 * size.vision, "out_hidden_size": size.width}


def _qwen2_vl(size: Size, ids: Ids) -> Parts:
    return _qwen(size, ids, {"hidden_size": size.width, "embed_dim": size.vision, "mlp_ratio": 2}, {})


def _qwen2_5_vl(size: Size, ids: Ids) -> Parts:
    return _qwen(size, ids, {**_inner(size), "fullatt_block_indexes": [1]}, {})


def _qwen3_vl(size: Size, ids: Ids) -> Parts:
    vision = {**_inner(size), "patch_size": 16, "deepstack_visual_indexes": [0], "num_position_embeddings": 64}
    return _qwen(size, ids, vision, {"head_dim": 32, "rope_parameters": {**_MIXED, "mrope_interleaved": True}})


def _qwen3_vl_moe(size: Size, ids: Ids) -> Parts:
    parts = _qwen3_vl(size, ids)
    parts.text.update(
        num_experts=4, num_experts_per_tok=2, moe_intermediate_size=size.feed * 3 // 4, norm_topk_prob=True
    )
    return parts


def _qwen3_5(size: Size, ids: Ids) -> Parts:
    """Every other layer has linear attention, in heads of 128 as published (of 32 vLLM knows none); of the other
    heads' dimensions a half is rotated."""
    rope = {**_MIXED, "mrope_section": [2, 3, 3], "mrope_interleaved": True, "partial_rotary_factor": 0.5}
    text = {"head_dim": 32, "full_attention_interval": 2, "rope_parameters": rope}
    text |= {f"linear_{name}_head_dim": 128 for name in ("key", "value")}
    text |= {"linear_num_key_heads": size.width // 64, "linear_num_value_heads": size.width // 32}
    return _qwen(size, ids, {**_inner(size), "patch_size": 16, "num_position_embeddings": 64}, text)


def _tower(size: Size, **more: Any) -> Settings:
    """A vision tower for films of 56 x 56 pixels, 16 patches."""
    return {
        "hidden_size": size.vision,
        "intermediate_size": 2 * size.vision,
        "num_hidden_layers": size.depth,
        "num_attention_heads": size.vision // 16,
        "image_size": 56,
        "patch_size": 14,
        **more,
    }


def _gemma3(size: Size, ids: Ids) -> Parts:
    """A film is four tokens, whatever its size."""
    text = {"model_type": "gemma3_text", "head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 64}
    text |= {"layer_types": ["sliding_attention", "full_attention"] * (size.layers // 2)}
    text |= {"tie_word_embeddings": True}
    config = {"tie_word_embeddings": True, "mm_tokens_per_image": 4, "image_token_index": ids("<image_soft_token>")}
    config |= {"boi_token_index": ids("<start_of_image>"), "eoi_token_index": ids("<end_of_image>")}
    vision = _tower(size, model_type="siglip_vision_model", vision_use_head=False)
    return Parts(text, vision, config, {"size": _BOX}, {"image_seq_length": 4})


def _internvl(size: Size, ids: Ids) -> Parts:
    """A film is four tokens for each square of it, and four for a small copy where there are several."""
    vision = _tower(size, model_type="internvl_vision", image_size=[56, 56], patch_size=[14, 14])
    config = {"image_token_id": ids("<IMG_CONTEXT>"), "image_seq_length": 4, "downsample_ratio": 0.5}
    images = {"size": _BOX, "crop_to_patches": True, "max_patches": 4}
    return Parts({"model_type": "qwen2"}, vision, config, images, {"image_seq_length": 4})


def _llava_onevision(size: Size, ids: Ids) -> Parts:
    """A film is a small copy and up to four squares; a film among several is the small copy alone."""
    grid = [[56 * rows, 56 * columns] for rows in (1, 2) for columns in (1, 2)]
    vision = _tower(size, model_type="siglip_vision_model", vision_use_head=False)
    config = {"image_token_index": ids("<image>"), "video_token_index": ids("<video>"), "image_grid_pinpoints": grid}
    processor = {"num_image_tokens": 16, "vision_feature_select_strategy": "full"}
    return Parts({"model_type": "qwen2"}, vision, config, {"size": _BOX, "image_grid_pinpoints": grid}, processor)


def _smolvlm(size: Size, ids: Ids) -> Parts:
    """A film is enlarged to four squares of four tokens, and a small copy."""
    config = {"image_token_id": ids("<image>"), "scale_factor": 2}
    images = {"size": {"longest_edge": 112}, "max_image_size": {"longest_edge": 56}, "do_image_splitting": True}
    return Parts({"model_type": "llama"}, _tower(size), config, images, {"image_seq_len": 4})


_GEMMA_TOKENS = {"pad": "<pad>", "eos": "<eos>", "bos": "<bos>", "unk": "<unk>", "sot_token": "<start_of_turn>"}
_GEMMA_TOKENS |= {"eot_token": "<end_of_turn>", "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>"}
_GEMMA_TOKENS |= {"image_token": "<image_soft_token>"}
_INTERNVL_TOKENS = {"pad": "<|endoftext|>", "bos": "<|im_start|>", "eos": "<|im_end|>", "video_token": "<video>"}
_INTERNVL_TOKENS |= {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
_LLAVA_TOKENS = {"pad": "<|endoftext|>", "bos": "<|im_start|>", "eos": "<|im_end|>"}
_LLAVA_TOKENS |= {"image_token": "<image>", "video_token": "<video>"}
_SMOL_TOKENS = {"pad": "<|im_end|>", "bos": "<|im_start|>", "eos": "<end_of_utterance>", "image_token": "<image>"}
_SMOL_TOKENS |= {"fake_image_token": "<fake_token_around_image>", "global_image_token": "<global-img>"}
_SMOL_TOKENS |= {"end_of_utterance_token": "<end_of_utterance>", "video_token": "<video>"}
_SMOL_TOKENS |= {f"{row} {column}": f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)}

FAMILIES = {
    "qwen2_vl": Family("Qwen2-VL", *_QWEN, _qwen2_vl),
    "qwen2_5_vl": Family("Qwen2.5-VL", *_QWEN, _qwen2_5_vl),
    "qwen3_vl": Family("Qwen3-VL", *_QWEN, _qwen3_vl),
    "qwen3_vl_moe": Family("Qwen3-VL, mixture of experts", *_QWEN, _qwen3_vl_moe),
    "qwen3_5": Family("Qwen3.5", _QWEN_TOKENS, _THINKING_CHAT, _QWEN[2], _qwen3_5),
    "gemma3": Family(
        "Gemma 3, MedGemma",
        _GEMMA_TOKENS,
        chat_template(
            "<start_of_image>",
            begin="{{ bos_token }}",
            start="<start_of_turn>ROLE\n",
            role="'model' if m.role == 'assistant' else m.role",
            end="<end_of_turn>\n",
            ask="<start_of_turn>model\n",
        ),
        "Gemma3ImageProcessorPil",
        _gemma3,
    ),
    "internvl": Family(
        "InternVL 3", _INTERNVL_TOKENS, chat_template("<IMG_CONTEXT>\n", **_CHAT), "GotOcr2ImageProcessorPil", _internvl
    ),
    "llava_onevision": Family(
        "LLaVA-OneVision",
        _LLAVA_TOKENS,
        chat_template("<image>\n", start="<|im_start|>ROLE ", end="<|im_end|>", ask="<|im_start|>assistant\n"),
        "LlavaOnevisionImageProcessorPil",
        _llava_onevision,
    ),
    "smolvlm": Family(
        "SmolVLM",
        _SMOL_TOKENS,
        chat_template(
            "<image>",
            begin="<|im_start|>",
            start="ROLE: ",
            role="m.role | capitalize",
            end="<end_of_utterance>\n",
            ask="Assistant:",
        ),
        "SmolVLMImageProcessorPil",
        _smolvlm,
    ),
}
