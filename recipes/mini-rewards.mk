# Does another process reward, or another schedule, pay where the films come from elsewhere? After mini.mk's fine-tuning.
#
#     make reproduce-mini-rewards            eleven arms with three seeds and 30 steps: two minutes of CPU time for each
#     make reproduce-mini-rewards ARMS="outcome process disputed" TRIES="1 2 3 4 5"
#
# All start from the fine-tuned model of seed 1 and get as many steps and completions; a seed is one of reinforcement
# learning. The test is of studies of its own, as many of the fourth hospital as of the three in the training.
include recipes/mini.mk
.DEFAULT_GOAL := reproduce-mini-rewards
.PHONY: reproduce-mini-rewards

# STEPS: of each. PROMPTS: yes-or-no prompts for each finding, a tenth of those of each other task. ASKED: questions of
# the test, in each domain: yes-or-no questions for each finding, and questions of each of the other two tasks. EACH,
# MANY: studies drawn for it. TOKENS: the longest chain has 66.
ifeq ($(MINI),smoke)
STEPS := 6
PROMPTS := 2
ASKED := 1 4
EACH := 60
MANY := 60
TRIES := 1
else
STEPS := 30
TOKENS := 72
PROMPTS := 50
ASKED := 30 250
EACH := 2400
MANY := 2000
TRIES := 1 2 3
endif

# What is paid besides format and accuracy. `exposed`: the same, on films whose exposure is varied.
own = --reward recipes.mini.rewards:$(1)
outcome :=
process := --reward process:2 --reward consistency:1
process-factuality := --reward process:1 --reward factuality:1 --reward consistency:1
by-step := --reward factuality:1 --reward consistency:1 --set credit=step
balanced := $(call own,balanced:2) --reward consistency:1
disputed := $(call own,disputed:2) --reward consistency:1
reported := $(call own,reported:2) --reward consistency:1
calibrated := $(call own,calibrated:2) --reward consistency:1
later := $(call own,process_later:2) $(call own,consistency_later:1)
exposed-outcome := $(outcome)
exposed-process := $(process)
ARMS := outcome process process-factuality by-step balanced disputed reported calibrated later exposed-outcome exposed-process

TRIED := $(OUT)/rewards
$(TRIED)/films/studies.jsonl:
	$(draw) -n $(EACH) --each 0.5 --seed 2 && mv $(@D).part/$(@F) $(@D).part/each
	$(draw) -n $(MANY) --prevalence 0.6 --seed 3 && mv $(@D).part/$(@F) $(@D).part/$(notdir $(WHOLES))
	mv $(@D).part/each $(@D).part/$(@F) && rm -rf $(@D) && mv $(@D).part $(@D)
$(TRIED)/test.jsonl: $(TRIED)/films/studies.jsonl
	{ for place in -v -e; do \
	  grep $$place phantom-ward $< > $(@D)/each.jsonl && grep $$place phantom-ward $(<D)/whole.jsonl > $(@D)/whole.jsonl && \
	  $(call asked,$(@D)/each.jsonl,$(@D)/whole.jsonl,$(ASKED)) || exit 1; done; } $(write)
$(TRIED)/rl.jsonl: $(OUT)/home-studies.jsonl $(OUT)/home-whole.jsonl
	{ $(binary) $(PROMPTS) $< --split train --seed 1 && \
	  $(single) $< --split train --seed 1 --limit $(PROMPTS)0 && \
	  $(anomaly) $(word 2,$^) --split train --seed 1 --limit $(PROMPTS)0; } | cxr verify $(write)
$(TRIED)/exposed/done: $(TRIED)/rl.jsonl
	python -m recipes.mini.expose $< --images $(OUT)/films -o $(@D) && touch $@

# The stem is a seed and an arm: 1/outcome.
arm = $(notdir $*)
try = $(firstword $(subst /, ,$*))
shown = $(if $(filter exposed-%,$(arm)),$(TRIED)/exposed,$(OUT)/films)
$(TRIED)/seed-%/training.json: $(OUT)/seed-1/sft/training.json $(TRIED)/rl.jsonl $(TRIED)/exposed/done
	cxr rl $(word 2,$^) -m $(<D) -o $(@D) --images $(shown) --config recipes/mini/rl.yaml --set seed=$(try) --resume \
	  --set max_steps=$(STEPS) --set max_completion_length=$(TOKENS) --set per_device_train_batch_size=$(BATCH) \
	  --reward format:1 --reward accuracy:1 $($(arm))
ask = cxr infer $(TRIED)/test.jsonl -m $(<D) --images $(TRIED)/films --size 112 --max-tokens $(TOKENS) --batch-size 64 \
	--workers 0 --temperature $(1) --seed $(2) -o $(part) --resume && mv $(part) $@
$(TRIED)/seed-%.answers.jsonl: $(TRIED)/seed-%/training.json $(TRIED)/test.jsonl
	$(call ask,1,$(try))
$(TRIED)/seed-%/sft-greedy.answers.jsonl: $(OUT)/seed-1/sft/training.json $(TRIED)/test.jsonl
	mkdir -p $(@D)
	$(call ask,0,$(try))
$(TRIED)/seed-%/sft.answers.jsonl: $(OUT)/seed-1/sft/training.json $(TRIED)/test.jsonl
	mkdir -p $(@D)
	$(call ask,1,$(try))

# Why: what the films show at home and away, how the replies of the fine-tuned model agree, what each reward pulls at.
$(TRIED)/samples.jsonl: $(OUT)/seed-1/sft/training.json $(TRIED)/test.jsonl
	awk 'NR % 4 == 1' $(TRIED)/test.jsonl > $(@D)/some.jsonl
	$(subst $(TRIED)/test.jsonl,$(@D)/some.jsonl --samples 8,$(call ask,1,1))
pulled = $(foreach arm,process $(filter-out process by-step later exposed-%,$(ARMS)),--arm "$(arm)=$(filter-out --reward,$($(arm)))")
$(TRIED)/why.md: $(TRIED)/samples.jsonl
	{ for exposed in "" --exposed; do \
	  python -m recipes.mini.probe $(TRIED)/films/studies.jsonl -m $(OUT)/warm --images $(TRIED)/films $$exposed && echo; done && \
	  python -m recipes.mini.agreement $< && echo && python -m recipes.mini.pull $< $(pulled); } $(write)

# The likeliest answers are the same for all seeds.
tried = $(patsubst %,$(TRIED)/seed-$(1)/%.answers.jsonl,$(if $(filter 1,$(1)),sft-greedy) sft $(ARMS))
.SECONDEXPANSION:
$(TRIED)/seed-%/rewards.json: $$(call tried,$$*)
	$(compare)
$(TRIED)/results.md: $(TRIES:%=$(TRIED)/seed-%/rewards.json)
	python -m recipes.mini.table --against outcome $^ $(write)
reproduce-mini-rewards: $(TRIED)/results.md $(TRIED)/why.md
	@cat $^
.PRECIOUS: $(TRIED)/seed-%/training.json $(TRIED)/seed-%.answers.jsonl $(TRIED)/seed-%/sft.answers.jsonl \
	$(TRIED)/seed-%/sft-greedy.answers.jsonl $(TRIED)/exposed/done
