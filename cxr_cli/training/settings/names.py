"""Which settings a training has: this tool's own, those of TRL's configurations that are let through, and why the
others are not."""

from typing import Any

Settings = dict[str, Any]

ROLLOUTS: dict[str, Settings] = {  # what generates the completions of `cxr rl` -> TRL's settings of it
    "transformers": {},
    "vllm-colocate": {"use_vllm": True, "vllm_mode": "colocate"},
    "vllm-server": {"use_vllm": True, "vllm_mode": "server"},
}
OWN_SETTINGS: dict[str, str] = {
    "model": "the model to train; -m wins",
    "revision": "of a model on the Hugging Face hub",
    "size": "width and height of a film in pixels; 448 as in the paper",
    "max_pixels": "keep the shape of a film, with at most this many pixels",
    "max_images": "most films of a row; a row with more is an error",
    "lora": "r, alpha, dropout, target_modules (names) of an adapter on the language model; without it full weights",
    "freeze_vision": "train only the language model",
    "attn_implementation": "sdpa, flash_attention_2, eager",
    "deepspeed": "zero2, zero3, zero2-offload, zero3-offload, or a JSON file",
    "instruction": "below each question that is to be reasoned about; by default that of the published checkpoints, or "
    "the one that the model was trained with before",
    "eval_cases": "of cxr sft: how many cases are answered and scored at each evaluation",
    "eval_tokens": "of cxr sft: most tokens of such an answer; 512",
    "rewards": "of cxr rl: names with weights, [format:1, process:2]",
    "credit": "of cxr rl: completion, or step, which pays factuality sentence by sentence",
    "rollouts": f"of cxr rl: {' or '.join(', '.join(ROLLOUTS).rsplit(', ', 1))}",
    "max_sampler_gap": "of cxr rl: stop where sampler and trainer differ by more, on average, in the log-probability "
    "of a token; 0.1",
    "log_completions": "of cxr rl: write each completion and its rewards to OUT/completions.jsonl",
}
OWN_TYPES: dict[str, Any] = {
    **dict.fromkeys(
        ("model", "revision", "attn_implementation", "deepspeed", "instruction", "credit", "rollouts"), str | None
    ),
    **dict.fromkeys(("size", "max_pixels", "max_images", "eval_cases", "eval_tokens"), int | None),
    "freeze_vision": bool,
    "max_sampler_gap": float,
    "log_completions": bool,
}
_OF_SFT = ("eval_cases", "eval_tokens")
_OF_RL = ("rewards", "credit", "rollouts", "max_sampler_gap", "log_completions")

_OPTIMIZER = (
    *("learning_rate", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps", "optim", "weight_decay"),
    *("adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm"),
    *("loss_type", "router_aux_loss_coef", "average_tokens_across_devices"),
)
_BATCHES = (
    *("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps"),
    *("dataloader_num_workers", "dataloader_prefetch_factor", "dataloader_persistent_workers"),
    *("dataloader_pin_memory", "seed", "data_seed", "full_determinism"),
)
_MACHINE = (
    *("bf16", "fp16", "tf32", "gradient_checkpointing", "gradient_checkpointing_kwargs", "use_liger_kernel"),
    *("torch_compile", "torch_compile_backend", "torch_compile_mode", "torch_empty_cache_steps"),
    *("ddp_timeout", "ddp_bucket_cap_mb", "ddp_broadcast_buffers", "ddp_static_graph"),
    "ddp_find_unused_parameters",
)
_WRITTEN = (
    *("save_strategy", "save_steps", "save_total_limit", "save_only_model"),
    *("logging_strategy", "logging_steps", "logging_first_step", "report_to", "run_name", "project"),
)
EVALUATION = (
    *("eval_strategy", "eval_steps", "eval_delay", "eval_on_start", "eval_accumulation_steps"),
    *("load_best_model_at_end", "metric_for_best_model", "greater_is_better"),
)
_GRPO = (
    *("num_generations", "max_completion_length", "steps_per_generation", "generation_batch_size", "num_iterations"),
    *("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "disable_dropout"),
    *("cast_lm_head_to_fp32", "ds3_gather_for_generation", "beta", "epsilon", "epsilon_high", "delta"),
    *("sapo_temperature_neg", "sapo_temperature_pos", "vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg"),
    *("vespo_lambda_neg", "importance_sampling_level", "multi_objective_aggregation", "scale_rewards"),
    *("mask_truncated_completions", "top_entropy_quantile", "entropy_coef", "off_policy_mask_threshold"),
    *("use_bias_correction_kl", "vllm_model_impl", "vllm_enable_sleep_mode", "vllm_server_base_url"),
    *("vllm_server_host", "vllm_server_port", "vllm_server_timeout", "vllm_group_port", "vllm_max_model_length"),
    *("vllm_gpu_memory_utilization", "vllm_tensor_parallel_size", "vllm_importance_sampling_correction"),
    *("vllm_importance_sampling_mode", "vllm_importance_sampling_clip_max", "vllm_importance_sampling_clip_min"),
)
_OF_BOTH = (*OWN_SETTINGS, "max_steps", "num_train_epochs", *_OPTIMIZER, *_BATCHES, *_MACHINE, *_WRITTEN)
_SFT = ("max_length", "dataloader_drop_last", "label_smoothing_factor", "neftune_noise_alpha")
SETTINGS = {
    "sft": frozenset({*_OF_BOTH, *EVALUATION, *_SFT} - {*_OF_RL}),
    "rl": frozenset({*_OF_BOTH, *_GRPO} - {*_OF_SFT}),
}
"""Of each stage the names of all settings: those of this tool, and those of TRL's SFTConfig or GRPOConfig that are let
through."""

_RESUMED_ALIKE = "its state is in no checkpoint, so that --resume would be another training"
_IN_A_FILE = "log_completions writes them to OUT/completions.jsonl"
_NO_HUB = "models trained on patients' data are not published from here"
UNSETTABLE = {  # settings that this tool makes itself, or that cannot keep its word, and why
    "output_dir": "-o OUT says where",
    "remove_unused_columns": "rows carry what rewards need",
    "trust_remote_code": "no code that comes with weights is run",
    **dict.fromkeys(("push_to_hub", "hub_model_id", "hub_token", "hub_strategy", "hub_revision"), _NO_HUB),
    "log_completions_hub_repo": "what a model writes about patients is not published from here",
    **dict.fromkeys(("num_completions_to_print", "log_unique_prompts", "log_multimodal"), _IN_A_FILE),
    "resume_from_checkpoint": "--resume does it",
    "ignore_data_skip": "a training that is resumed goes on at its place in the rows",
    **dict.fromkeys(("use_adaptive_entropy", "sync_ref_model"), _RESUMED_ALIKE),
    "auto_find_batch_size": "it would change the batch without a word",
    "disable_tqdm": "progress is on stderr",
    **dict.fromkeys(("use_vllm", "vllm_mode"), "--rollouts says it"),
    "reward_weights": "--reward NAME:WEIGHT says it",
    **dict.fromkeys(("packing", "eval_packing", "padding_free"), "rows have films, which cannot be packed"),
    **dict.fromkeys(("fsdp", "fsdp_config"), "deepspeed: zero3 shares a model among processes"),
    **dict.fromkeys(("do_train", "do_eval", "do_predict"), "it trains"),
    "local_rank": "the launcher says it",
    "overwrite_output_dir": "--overwrite replaces OUT",
    "truncation_mode": "no row is cut: one that is longer than max_length stops the training",
    "pad_to_multiple_of": "TRL pads no rows with films to a multiple",
    "use_cpu": "CUDA_VISIBLE_DEVICES= hides the GPUs",
    **dict.fromkeys(("completion_only_loss", "assistant_only_loss"), "the loss is on completions alone"),
    "dataset_num_proc": "dataloader_num_workers says how many read rows and films",
    "train_sampling_strategy": "rows come in random order",
    "ddp_backend": "nccl on GPUs, gloo on CPUs",
    "generation_kwargs": "temperature, top_p, top_k, min_p and repetition_penalty are settings",
    "max_tool_calling_iterations": "there are no tools",
    **dict.fromkeys(("use_transformers_paged", "use_transformers_continuous_batching"), "it takes no films"),
    **dict.fromkeys(EVALUATION, "`cxr rl` has no rows to evaluate on: its reward is logged at each step"),
}
SHORT_NAMES = {  # what settings are called elsewhere -> their names here
    **dict.fromkeys(("lr", "actor_lr"), "learning_rate"),
    **dict.fromkeys(("scheduler", "lr_scheduler", "lr_schedule", "schedule"), "lr_scheduler_type"),
    **dict.fromkeys(("warmup", "warmup_ratio", "num_warmup_steps"), "warmup_steps"),
    **dict.fromkeys(("wd", "decay"), "weight_decay"),
    **dict.fromkeys(("clip_grad", "grad_clip", "gradient_clipping"), "max_grad_norm"),
    **dict.fromkeys(("epochs", "num_epochs", "total_epochs", "n_epochs"), "num_train_epochs"),
    **dict.fromkeys(("steps", "total_steps", "train_steps"), "max_steps"),
    **dict.fromkeys(("bs", "batch", "batch_size", "train_batch_size"), "per_device_train_batch_size"),
    **dict.fromkeys(("accumulation", "grad_accum", "accumulate_grad_batches"), "gradient_accumulation_steps"),
    **dict.fromkeys(("workers", "num_workers"), "dataloader_num_workers"),
    **dict.fromkeys(("optimizer", "optimiser"), "optim"),
    **dict.fromkeys(("rank", "r", "lora_r", "lora_rank"), "lora.r"),
    "lora_alpha": "lora.alpha",
    "lora_dropout": "lora.dropout",
    **dict.fromkeys(("lora_target_modules", "target_modules"), "lora.target_modules"),
    **dict.fromkeys(("image_size", "resolution", "img_size"), "size"),
    **dict.fromkeys(("attention", "attn", "flash_attn"), "attn_implementation"),
    **dict.fromkeys(("dtype", "torch_dtype", "precision"), "bf16"),
    **dict.fromkeys(("freeze_vision_tower", "freeze_vit"), "freeze_vision"),
    **dict.fromkeys(("evaluation_strategy", "eval"), "eval_strategy"),
    **dict.fromkeys(("max_seq_length", "max_seq_len", "cutoff_len", "max_prompt_length"), "max_length"),
    **dict.fromkeys(("max_tokens", "max_new_tokens", "max_response_length"), "max_completion_length"),
    **dict.fromkeys(("G", "n", "samples", "group_size", "rollout_n"), "num_generations"),
    **dict.fromkeys(("kl", "kl_coef", "kl_beta", "kl_loss_coef"), "beta"),
    **dict.fromkeys(("clip", "clip_ratio", "clip_range", "cliprange"), "epsilon"),
    **dict.fromkeys(("reward", "reward_funcs"), "rewards"),
    **dict.fromkeys(("prompt", "system_prompt"), "instruction"),
}
