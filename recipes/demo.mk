# The demo: every stage of the tool on drawn films, with a model that learns.
#
#     make demo                 three to four minutes of CPU time
#     make demo DEMO_SEED=2     another seed for the films, the model and both trainings
#
# It reads from the top like a method section. After an interruption the same command goes on, and when all is there it
# prints the results again. Films and reports are drawn: nothing here is true of patients.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := demo
.PHONY: demo

DEMO_SEED ?= 0
OUT := build/demo/seed-$(DEMO_SEED)
export OMP_NUM_THREADS := 2
export CXR_CACHE := $(OUT)/cache

# FILMS: studies, a tenth of whose patients are kept for the test, with each finding on half of the films. TEST: test
# questions for each finding. SEE, TELL, SFT, RL: steps of the two lessons of the warm-up, of fine-tuning and of
# reinforcement learning. BATCH: films, or completions, in each step.
FINDINGS := cardiomegaly,pleural effusion,pneumothorax
FILMS := 3000
TEST := 100
SEE := 250
TELL := 100
SFT := 60
RL := 60
BATCH := 64

FOLDER := $(OUT)/films
STUDIES := $(FOLDER)/studies.jsonl
STEPS := $(OUT)/steps.jsonl
QUESTIONS := $(OUT)/test.jsonl
mine = cxr mine $(STUDIES) --task binary --brief --findings "$(FINDINGS)"
train = --images $(FOLDER) --set seed=$(DEMO_SEED) --overwrite
answer = cxr infer $(QUESTIONS) --images $(FOLDER) --size 84 --max-tokens 48 --batch-size 64 --workers 0
check = cxr verify --on predictions --keep all

# Films of 84 x 84 pixels, with reports that are true to them.
$(STUDIES): recipes/demo.mk
	cxr phantom -n $(FILMS) -o $(FOLDER) --size 84 --format png --findings "$(FINDINGS)" --each 0.5 --priors 0 \
	  --seed $(DEMO_SEED) --overwrite

# Yes-or-no questions. For each a chain of steps, of which only those are kept that the report supports.
$(STEPS): $(STUDIES)
	$(mine) --split train | cxr verify > $@

# Questions about other patients, with as many right answers Yes as No.
$(QUESTIONS): $(STUDIES)
	$(mine) --split test --balance --per-finding $(TEST) | cxr verify > $@

# A vision-language model of 0.7 million parameters learns to see and to describe. This stands in for pretraining.
$(OUT)/warm/warm-up.json: $(STEPS)
	python -m recipes.mini.warm_up $(STEPS) -o $(OUT)/warm --images $(FOLDER) --size demo --see $(SEE) --tell $(TELL) \
	  --batch $(BATCH) --seed $(DEMO_SEED)

# Stage 1: fine-tuning on the verified steps.
$(OUT)/sft/training.json: $(OUT)/warm/warm-up.json
	cxr sft $(STEPS) -m $(OUT)/warm -o $(OUT)/sft $(train) --config recipes/tiny-cpu/sft.yaml --set max_steps=$(SFT)

# Can the rewards of stage 2 be cheated?
$(OUT)/audit.txt: $(STEPS)
	cxr rl $(STEPS) --audit --limit 300 > $@

# Stage 2: reinforcement learning by GRPO, paid for format, right answers and true statements.
$(OUT)/rl/training.json: $(OUT)/sft/training.json $(OUT)/audit.txt
	cxr rl $(STEPS) -m $(OUT)/sft -o $(OUT)/rl $(train) --config recipes/tiny-cpu/rl.yaml --set max_steps=$(RL) \
	  --set per_device_train_batch_size=$(BATCH)

# The final model gives its likeliest answers to the questions about patients whom it has not seen. What it states is
# checked against the reports, step by step.
$(OUT)/answers.jsonl: $(OUT)/rl/training.json $(QUESTIONS)
	$(answer) -m $(OUT)/rl | $(check) > $@

# What has stage 2 changed? Both models answer as in its training, by a draw at temperature 1.
$(OUT)/drawn-%.jsonl: $(OUT)/%/training.json $(QUESTIONS)
	$(answer) -m $(OUT)/$* --temperature 1 | $(check) > $@

# Tables, plots and a page.
DRAWN := SFT=$(OUT)/drawn-sft.jsonl RL=$(OUT)/drawn-rl.jsonl
$(OUT)/scores.txt: $(OUT)/answers.jsonl
	cxr score $< --summary > $@
$(OUT)/comparison.txt: $(OUT)/drawn-sft.jsonl $(OUT)/drawn-rl.jsonl
	cxr score $(DRAWN) --compare --plot $(OUT)/plots > $@
$(OUT)/page.html: $(OUT)/answers.jsonl $(OUT)/drawn-sft.jsonl $(OUT)/drawn-rl.jsonl
	cxr view "likeliest answer=$<" $(DRAWN) --images $(FOLDER) --embed --overwrite -o $@

demo: $(OUT)/scores.txt $(OUT)/comparison.txt $(OUT)/page.html
	@echo
	@echo 'Some of the likeliest answers of the final model to questions about patients whom it has not seen:'
	@echo
	@python -c 'import json, sys; [print(case["question"], case["predictions"][0]["text"], \
	  "Right: " + case["answer"], sep="\n", end="\n\n") for case in map(json.loads, list(sys.stdin)[::75])]' < $(OUT)/answers.jsonl
	@echo 'Their scores. Half of the right answers are Yes, so that who guesses has an accuracy of .5:'
	@echo
	@cat $(OUT)/scores.txt
	@echo
	@echo 'After fine-tuning (SFT) and after reinforcement learning (RL), one answer to each question, drawn at temperature 1:'
	@echo
	@cat $(OUT)/comparison.txt
	@echo
	@echo 'Films and reports are drawn: nothing of this is true of patients.'
	@echo
	@echo 'Look at:'
	@echo '  $(OUT)/page.html: films, questions, replies with a verdict on each step, and the reports'
	@echo '  $(OUT)/rl/curves/reward.png: what reinforcement learning was paid, step by step'
	@echo '  $(OUT)/plots/radrscore_parts.png: the reasoning of both models'
	@echo 'In your shell first: source .venv/bin/activate'
	@echo 'Next: your own reports, `cxr mine reports/ | cxr verify > steps.jsonl` with a folder of .txt files, or a table,'
	@echo '`cxr mine reports.csv --map id=uid,report=findings+impression | cxr verify > steps.jsonl`.'

# Intermediate files are kept.
.PRECIOUS: $(OUT)/drawn-%.jsonl
