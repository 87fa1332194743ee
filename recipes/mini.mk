# The method in miniature: drawn films, a model of two million parameters, two ablations.
#
#     make reproduce-mini                MINI=quick: one seed, few rows
#     make reproduce-mini MINI=full      three seeds, more of all
#
# It reads from the top like a method section. A target is complete or absent, so after an interruption the same command
# goes on. Films and reports are drawn by `cxr phantom`: nothing here is true of patients.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := reproduce-mini
.PHONY: reproduce-mini

MINI ?= quick
OUT := build/mini/$(MINI)
export OMP_NUM_THREADS := 1
export CXR_CACHE := $(OUT)/cache

# FILMS: studies, drawn with each finding on half of them. WHOLE: studies with one to four findings or, 40 % of them,
# none. PER_FINDING: yes-or-no questions taught for each finding. TEST, AWAY: questions of the test, at home and away:
# yes-or-no questions for each finding, and questions of each of the other two tasks. SEE, TELL, SFT, RL: steps of the
# two lessons of the warm-up, of fine-tuning and of reinforcement learning. BATCH: films, or completions, in each
# step. THREADS: of the warm-up, on the CPU.
ifeq ($(MINI),full)
SEEDS := 1 2 3
FILMS := 24000
WHOLE := 8000
PER_FINDING := 2000
TEST := 50 500
AWAY := 25 250
SEE := 800
TELL := 600
SFT := 320
RL := 100
else ifeq ($(MINI),quick)
SEEDS := 1
FILMS := 16000
WHOLE := 3000
PER_FINDING := 1200
TEST := 30 100
AWAY := 5 50
SEE := 700
TELL := 500
SFT := 260
RL := 6
else
SEEDS := 1
FILMS := 300
WHOLE := 150
PER_FINDING := 16
TEST := 2 10
AWAY := 2 10
SEE := 3
TELL := 3
SFT := 4
RL := 6
TOKENS := 16
BATCH := 16
THREADS := 1
endif
TOKENS ?= 128
BATCH ?= 64
THREADS ?= 2

# The films come from four drawn hospitals. Three give the training films; the fourth, whose films are taken at the
# bedside, is in the test alone.
FINDINGS := cardiomegaly,pleural effusion,pneumothorax,consolidation,atelectasis,edema,nodule,mass,fracture,pacemaker
HOSPITALS := phantom-clinic,phantom-digital,phantom-film
STUDIES := $(OUT)/films/studies.jsonl
WHOLES := $(OUT)/films/whole.jsonl
TASKS := binary single anomaly
write = > $@.part && mv $@.part $@

draw = cxr phantom -o $(@D).part --size 112 --format png --findings "$(FINDINGS)" --priors 0 --overwrite
$(STUDIES):
	$(draw) -n $(FILMS) --each 0.5 && mv $(@D).part/$(@F) $(@D).part/each
	$(draw) -n $(WHOLE) --prevalence 0.6 --seed 1 && mv $(@D).part/$(@F) $(@D).part/$(notdir $(WHOLES))
	mv $(@D).part/each $(@D).part/$(@F) && rm -rf $(@D) && mv $(@D).part $(@D)
$(WHOLES): $(STUDIES) ;
$(OUT)/home-%.jsonl: $(OUT)/films/%.jsonl
	grep -v phantom-ward $< $(write)
$(OUT)/away-%.jsonl: $(OUT)/films/%.jsonl
	grep phantom-ward $< $(write)

# Questions, with steps checked against the report: is it there? which of four is there? normal or abnormal? The answer
# to the last does not say what is seen. Training and test have no patient in common.
mine = cxr mine --brief --findings "$(FINDINGS)"
binary = $(mine) --balance --per-finding
single = $(mine) --task single
anomaly = $(mine) --task anomaly
asked = $(binary) $(word 1,$(3)) $(1) $(4) && $(single) $(1) $(4) --limit $(word 2,$(3)) && \
	$(anomaly) $(2) $(4) --limit $(word 2,$(3))

$(OUT)/binary.jsonl: $(OUT)/home-studies.jsonl
	$(binary) $(PER_FINDING) $< --split train | cxr verify $(write)
$(OUT)/single.jsonl: $(OUT)/home-studies.jsonl
	$(single) $< --split train | cxr verify $(write)
$(OUT)/anomaly.jsonl: $(OUT)/home-whole.jsonl
	$(anomaly) $< --split train | cxr verify $(write)
$(OUT)/rl.jsonl: $(OUT)/home-studies.jsonl $(OUT)/home-whole.jsonl
	{ $(binary) $(RL) $< --split train --seed 1 && \
	  $(single) $< --split train --seed 1 --limit $(RL)0 && \
	  $(anomaly) $(word 2,$^) --split train --seed 1 --limit $(RL)0; } | cxr verify $(write)
$(OUT)/test.jsonl: $(foreach place,home away,$(OUT)/$(place)-studies.jsonl $(OUT)/$(place)-whole.jsonl)
	{ $(call asked,$<,$(word 2,$^),$(TEST),--split test) && $(call asked,$(word 3,$^),$(word 4,$^),$(AWAY)); } $(write)

# The warm-up stands in for the pretraining of a real model and is no part of the method. All seeds start from it.
$(OUT)/warm/warm-up.json: $(TASKS:%=$(OUT)/%.jsonl)
	OMP_NUM_THREADS=$(THREADS) python -m recipes.mini.warm_up $^ -o $(@D) --images $(OUT)/films --see $(SEE) --tell $(TELL) \
	  --batch $(BATCH)

# Training ablation: fine-tuning, then as many steps of more fine-tuning or of each set of rewards. TRAINED, below, lists
# the models that are compared.
seed = $(patsubst seed-%,%,$(firstword $(subst /, ,$*)))
sft = cxr sft -m $(<D) -o $(@D) --images $(OUT)/films --config recipes/mini/sft.yaml --set seed=$(seed) --resume
taught = --mix $(word 2,$^):0.4 --mix $(word 3,$^):0.3 --mix $(word 4,$^):0.3 --set max_steps=$(SFT)
rl = cxr rl $(OUT)/rl.jsonl -m $(<D) -o $(@D) --images $(OUT)/films --config recipes/mini/rl.yaml --set seed=$(seed) \
	--resume --set max_steps=$(RL) --set max_completion_length=$(TOKENS) \
	--set per_device_train_batch_size=$(BATCH) --reward format:1 --reward accuracy:1

$(OUT)/%/sft/training.json: $(OUT)/warm/warm-up.json $(TASKS:%=$(OUT)/%.jsonl)
	$(sft) $(taught)
$(OUT)/%/sft-longer/training.json: $(OUT)/%/sft/training.json $(OUT)/rl.jsonl
	$(sft) $(OUT)/rl.jsonl --set max_steps=$(RL) --set per_device_train_batch_size=$(BATCH)
$(OUT)/%/outcome/training.json: $(OUT)/%/sft/training.json $(OUT)/rl.jsonl
	$(rl)
$(OUT)/%/factuality/training.json: $(OUT)/%/sft/training.json $(OUT)/rl.jsonl
	$(rl) --reward factuality:1
$(OUT)/%/process/training.json: $(OUT)/%/sft/training.json $(OUT)/rl.jsonl
	$(rl) --reward process:2 --reward consistency:1
$(OUT)/%/by-step/training.json: $(OUT)/%/sft/training.json $(OUT)/rl.jsonl
	$(rl) --reward factuality:1 --reward consistency:1 --set credit=step

# Verification ablation: chains with the errors of a language model, taught as they are, and without the cases in which
# `cxr verify` finds a bad step.
$(OUT)/%.damaged.jsonl: $(OUT)/%.jsonl
	python -m recipes.mini.damage --findings "$(FINDINGS)" --share 0.3 < $< $(write)
$(OUT)/%.verified.jsonl: $(OUT)/%.damaged.jsonl
	cxr verify $< --keep cases $(write)
$(OUT)/%/damaged/training.json: $(OUT)/warm/warm-up.json $(TASKS:%=$(OUT)/%.damaged.jsonl)
	$(sft) $(taught)
$(OUT)/%/verified/training.json: $(OUT)/warm/warm-up.json $(TASKS:%=$(OUT)/%.verified.jsonl)
	$(sft) $(taught)

# Every model answers the same questions, sampled once at temperature 1; the fine-tuned one also answers greedily.
part = $(@:.jsonl=.part.jsonl)
infer = cxr infer $(OUT)/test.jsonl -m $(<D) --images $(OUT)/films --size 112 --max-tokens $(TOKENS) --batch-size 64 \
	--workers 0 --temperature $(1) --seed $(seed) -o $(part) --resume && mv $(part) $@
$(OUT)/%/warm.answers.jsonl: $(OUT)/warm/warm-up.json $(OUT)/test.jsonl
	mkdir -p $(@D)
	$(call infer,1)
$(OUT)/%/sft-greedy.answers.jsonl: $(OUT)/%/sft/training.json $(OUT)/test.jsonl
	$(call infer,0)
$(OUT)/%.answers.jsonl: $(OUT)/%/training.json $(OUT)/test.jsonl
	$(call infer,1)

# Tables, plots and a page.
TRAINED := warm sft-greedy sft sft-longer outcome factuality process
TAUGHT := damaged verified sft
answers = $(foreach model,$(1),$(OUT)/%/$(model).answers.jsonl)
named = $(foreach path,$(1),$(notdir $(path:.answers.jsonl=))=$(path))
compare = cxr score $(call named,$^) --compare --statements --in-domain $(HOSPITALS) --plot $(@:.json=) --format json $(write)
$(OUT)/%/training-ablation.json: $(call answers,$(TRAINED))
	$(compare)
$(OUT)/%/verification-ablation.json: $(call answers,$(TAUGHT))
	$(compare)
$(OUT)/page.html: $(subst %,seed-$(firstword $(SEEDS)),$(call answers,$(TRAINED)))
	cxr view $(call named,$^) --images $(OUT)/films --embed --limit 100 --overwrite -o $@
$(OUT)/results.md: $(foreach ablation,training verification,$(SEEDS:%=$(OUT)/seed-%/$(ablation)-ablation.json))
	python -m recipes.mini.table $^ $(write)

# Answers are named one by one, so that an arm added later is trained, answers and is compared.
reproduce-mini: $(OUT)/results.md $(OUT)/page.html \
	$(foreach seed,$(SEEDS),$(subst %,seed-$(seed),$(call answers,$(TRAINED) $(TAUGHT))))
	@cat $<

# Intermediate files are kept.
.PRECIOUS: $(foreach place,home away,$(OUT)/$(place)-%.jsonl) $(OUT)/%.damaged.jsonl $(OUT)/%.verified.jsonl \
	$(foreach arm,sft sft-longer outcome factuality process by-step damaged verified,$(OUT)/%/$(arm)/training.json)
