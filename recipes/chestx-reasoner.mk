# make -f recipes/chestx-reasoner.mk MIMIC_CXR=/data/mimic-cxr CHEXPERT=/data/chexpert-plus MS_CXR_T=/data/ms-cxr-t \
#      RSNA=/data/rsna SIIM=/data/siim OPENI=/data/openi OUT=chestx-reasoner
#
# ChestX-Reasoner (Fan et al. 2026, doi 10.1038/s43856-026-01654-y, arXiv 2504.20930) from downloaded data sets to a
# table of results: it builds the benchmark of radrbench.mk and answers without steps, fine-tunes on both, trains by
# reinforcement learning with process rewards, has these models and others answer the test, and compares them. Add -n to
# read the commands, or `plan` to estimate what they take. After an interruption the same line goes on.
#
#   OUT/train.jsonl, OUT/test.jsonl, OUT/card/    made by radrbench.mk; with MINER= a model writes the steps
#   OUT/sft/, OUT/rl/                             the trained models
#   OUT/results/                                  table.md, .tex and .csv, figures/, and page.html for a browser
#
# Several nodes: see recipes/slurm/. Answers on eight GPUs of one machine, once OUT/rl is there:
#   for k in {1..8}; do CUDA_VISIBLE_DEVICES=$((k - 1)) make -f recipes/chestx-reasoner.mk .. SHARDS=8 shard.$k & done; wait

THIS := $(lastword $(MAKEFILE_LIST))
HERE := $(dir $(THIS))
OUT ?= chestx-reasoner
.DEFAULT_GOAL := results
include $(HERE)radrbench.mk
ifeq ($(TRAINED),)
$(error there is nothing to train on; give MIMIC_CXR= or CHEXPERT=)
endif
.PHONY: results plan planned

# The model, the machines and the settings of the training
MODEL ?= Qwen/Qwen2-VL-7B-Instruct
GPUS ?= 8
NODES ?= 1
LAUNCH ?=
# The paper's batches on any number of GPUs: 64 x 2 rows, 1024 x 2 completions. Its results are those of step 150
ACCUMULATE = --set gradient_accumulation_steps=$(shell expr $1 / $(GPUS) / $(NODES))
SFT ?= --config $(HERE)qwen2-vl-7b/sft.yaml $(call ACCUMULATE,64)
RL ?= --config $(HERE)qwen2-vl-7b/rl.yaml $(call ACCUMULATE,1024) --set max_steps=150
# NAME[:WEIGHT] .., in place of the default rewards of cxr rl
REWARD ?=
REWARDS := $(REWARD:%=--reward %)
# The share of rows with steps in stage 1; the others are answers alone. qwen2-vl-7b/sft.yaml says where it comes from
REASONED ?= 0.25
MIX := $(OUT)/train.jsonl:$(REASONED) $(OUT)/answers.jsonl:$(shell awk 'BEGIN {print 1 - $(REASONED)}')
# Answers alone are mined from one of so many studies, which makes about three times as many rows as have steps
ANSWERS_EVERY ?= 3

# The other models that answer: NAME=MODEL, where MODEL is a folder, a Hugging Face name or the URL of a server
BASELINES ?= Qwen2-VL-7B=Qwen/Qwen2-VL-7B-Instruct Qwen2.5-VL-7B=Qwen/Qwen2.5-VL-7B-Instruct \
	MedGemma-4B=google/medgemma-4b-it ChestX-Reasoner-7B=byrLLCC/ChestX-Reasoner
INFER ?= --max-tokens 2048
SHARDS ?= 1
IN_DOMAIN := $(if $(MIMIC_CXR),mimic-cxr) $(if $(MS_CXR_T),ms-cxr-t) \
	$(if $(CHEXPERT),$(if $(wildcard $(CHEXPERT)/df_chexpert_plus*),chexpert-plus,chexpert))
# One of so many questions is shown on the page
VIEW_EVERY ?= 50

model.sft := $(OUT)/sft
model.rl := $(OUT)/rl
$(foreach one,$(BASELINES),$(eval model.$(firstword $(subst =, ,$(one))) := $(lastword $(subst =, ,$(one)))))
MODELS := sft rl $(foreach one,$(BASELINES),$(firstword $(subst =, ,$(one))))
PARTS := $(shell seq $(SHARDS))
COMPARE = cxr score $^ --compare $(if $(CENTRES),--in-domain "$(shell echo $(IN_DOMAIN) | tr ' ' ,)")

results: $(OUT)/card/README.md $(OUT)/results/table.md $(OUT)/results/page.html

$(OUT)/answers $(OUT)/answered $(OUT)/view $(OUT)/results:
	mkdir -p $@

$(OUT)/answers/%.jsonl: $(OUT)/test.jsonl | $(OUT)/answers
	# Answers alone, $*: questions of all tasks about one of $(ANSWERS_EVERY) studies, without the patients of the test
	$(MINE) $(source.$*) --split train --apart-from $< --every $(ANSWERS_EVERY) --steps none > $@.part
	mv $@.part $@

$(OUT)/answers.jsonl: $(TRAINED:%=$(OUT)/answers/%.jsonl)
	cat $^ > $@.part
	mv $@.part $@

# A model that is there is not trained again, even if its rows change: remove its folder to train it anew
$(OUT)/sft/training.json: | $(OUT)/train.jsonl $(OUT)/answers.jsonl $(OUT)/card/README.md $(OUT)/films
	# Stage 1: $(MODEL) is fine-tuned to reason and to answer, $(MIX)
	$(LAUNCH) cxr sft $(MIX:%=--mix %) -m $(MODEL) -o $(@D) --images $(OUT)/films $(SFT) --gpus $(GPUS) --nodes $(NODES) --resume

$(OUT)/audit.txt: $(OUT)/train.jsonl
	# Can the rewards be cheated?
	cxr rl $< --audit --limit 2000 $(REWARDS) > $@.part
	mv $@.part $@

$(OUT)/rl/training.json: | $(OUT)/train.jsonl $(OUT)/audit.txt $(OUT)/sft/training.json $(OUT)/films
	# Stage 2: reinforcement learning by GRPO
	$(LAUNCH) cxr rl $(OUT)/train.jsonl -m $(OUT)/sft -o $(@D) --images $(OUT)/films $(RL) --gpus $(GPUS) --nodes $(NODES) --resume \
	$(REWARDS)

$(PARTS:%=$(OUT)/answered/sft/%.jsonl): $(OUT)/sft/training.json
$(PARTS:%=$(OUT)/answered/rl/%.jsonl): $(OUT)/rl/training.json
$(foreach k,$(PARTS),$(eval shard.$k: $(MODELS:%=$(OUT)/answered/%/$k.jsonl)))
$(foreach m,$(MODELS),$(eval $(OUT)/answered/$m.jsonl: $(PARTS:%=$(OUT)/answered/$m/%.jsonl)))

$(OUT)/answered/%.jsonl: $(OUT)/test.jsonl | $(OUT)/films
	# What $(*D) answers, part $(*F) of $(SHARDS)
	mkdir -p $(@D)
	cxr infer $< -m $(model.$(*D)) --images $(OUT)/films --shard $(*F)/$(SHARDS) $(INFER) -o $@.part.jsonl --resume
	mv $@.part.jsonl.shard $@.shard
	mv $@.part.jsonl $@

$(MODELS:%=$(OUT)/answered/%.jsonl):
	cxr merge $^ > $@.part
	mv $@.part $@

$(OUT)/results/table.md: $(MODELS:%=$(OUT)/answered/%.jsonl) | $(OUT)/results
	# Results: accuracy and RadRScore by task, in-domain and in other centres, with paired tests
	$(COMPARE) --format csv > $(@D)/table.csv
	$(COMPARE) --format latex > $(@D)/table.tex
	$(COMPARE) --format markdown --plot $(@D)/figures > $@.part
	mv $@.part $@

$(OUT)/view/%.jsonl: $(OUT)/answered/%.jsonl | $(OUT)/view
	# For the page: one of $(VIEW_EVERY) answers of $*, with its scores
	awk '(NR - 1) % $(VIEW_EVERY) == 0' $< | cxr score > $@.part
	mv $@.part $@

$(OUT)/results/page.html: $(MODELS:%=$(OUT)/view/%.jsonl) | $(OUT)/results
	# A page for a browser: films, questions, steps and the answer of each model
	cxr view $(foreach file,$^,$(notdir $(file:.jsonl=))=$(file)) --images $(OUT)/films -o $@ --overwrite

# For `plan`: the size of the sample of each data set, the published number of its studies, and the speed of a GPU
SAMPLE ?= 200
studies.mimic-cxr.train ?= 222758
studies.mimic-cxr.test ?= 3269
studies.chexpert.train ?= 187641
studies.chexpert.test ?= 200
studies.ms-cxr-t ?= 1326
studies.rsna ?= 26684
studies.siim ?= 12047
studies.openi ?= 3851
# Tokens a second in training and in generation, assumed for an A100 and a model of seven billion parameters
SPEEDS ?= 2000,1500
SAMPLED := $(foreach n,$(TRAINED),test/$n.binary=$(studies.$n.test):$(TEST_EACH) test/$n.tasks=$(studies.$n.test)) \
	$(if $(MS_CXR_T),test/ms-cxr-t=$(studies.ms-cxr-t)) $(foreach n,$(CENTRES),test/$n.centre=$(studies.$n):$(TEST_EACH)) \
	$(foreach n,$(TRAINED),train/$n.binary=$(studies.$n.train):$(TRAIN_EACH) train/$n.tasks=$(studies.$n.train)) \
	$(foreach n,$(TRAINED),answers/$n=$(studies.$n.train))

plan:
	# What it will take, estimated from $(SAMPLE) studies of each data set
	$(MAKE) --no-print-directory -f $(THIS) OUT=$(OUT)/plan-$(SAMPLE) LIMIT=$(SAMPLE) planned

planned: $(OUT)/train.jsonl $(OUT)/answers.jsonl $(OUT)/test.jsonl $(OUT)/films
	cxr sft $(OUT)/train.jsonl -m $(MODEL) -o $(OUT)/sft --images $(OUT)/films $(SFT) --gpus $(GPUS) --nodes $(NODES) \
	--dry-run > $(OUT)/sft.txt
	cxr rl $(OUT)/train.jsonl -m $(MODEL) -o $(OUT)/rl --images $(OUT)/films $(RL) --gpus $(GPUS) --nodes $(NODES) \
	$(REWARDS) --rollouts transformers --dry-run > $(OUT)/rl.txt
	$(MINE) $(source.$(firstword $(TRAINED))) --split train --apart-from $(OUT)/test.jsonl --findings "$(FINDINGS)" \
	--per-finding $(TRAIN_EACH) --balance -m $(or $(MINER),http://localhost/v1) --dry-run > $(OUT)/llm.txt
	python3 $(HERE)plan.py $(OUT) $(SAMPLED) --sample $(SAMPLE) --speeds $(SPEEDS) --models $(words $(MODELS)) \
	--share $(REASONED)
