# make -f recipes/radrbench.mk MIMIC_CXR=/data/mimic-cxr CHEXPERT=/data/chexpert-plus MS_CXR_T=/data/ms-cxr-t \
#      RSNA=/data/rsna SIIM=/data/siim OPENI=/data/openi OUT=radrbench
#
# A benchmark like RadRBench-CXR (Fan et al. 2026, doi 10.1038/s43856-026-01654-y): questions of five tasks, with steps
# that the report supports, train and test split by patient. MIMIC-CXR, CheXpert and MS-CXR-T are in-domain; RSNA, SIIM
# and Open-i are other centres, for tests alone and without steps. Data sets are read as they are downloaded; those that
# are not given are left out. Add -n to read the commands. After an interruption the same line goes on.
#
# Rules write the steps, or a model does: MINER=http://localhost:8000/v1, with further flags of cxr mine if it needs any.
# LIMIT=200 reads 200 studies of each data set, for a trial.
#
#   OUT/train.jsonl, OUT/test.jsonl    for cxr sft, cxr rl and cxr infer, with --images OUT/films
#   OUT/card/README.md                 counts, fingerprints and a plot; make fails if the splits leak

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: card

OUT ?= radrbench
# Binary questions for each finding and data set, half of them Yes and half No
TEST_EACH ?= 400
TRAIN_EACH ?= 4000
# The other tasks are mined from one of so many training studies, and from every test study
EVERY ?= 10
FINDINGS ?= atelectasis,cardiomegaly,consolidation,edema,enlarged cardiomediastinum,fracture,lung lesion, \
	lung opacity,pleural effusion,pneumonia,pneumothorax
# The folder that the paths of films start from; with IMAGES= leaks are found by the paths of films, not by their bytes
IMAGES ?= $(OUT)/films

DATA := MIMIC_CXR CHEXPERT MS_CXR_T RSNA SIIM OPENI
GIVEN := $(strip $(foreach name,$(DATA),$(if $($(name)),$(name))))
ifeq ($(GIVEN),)
$(error no data set is given; name the folder of one at least of $(DATA), as MIMIC_CXR=/data/mimic-cxr)
endif
$(info # left out, as not given: $(or $(filter-out $(GIVEN),$(DATA)),none))

source.mimic-cxr = mimic-cxr:$(MIMIC_CXR)
source.chexpert = $(CHEXPERT)
source.ms-cxr-t = ms-cxr-t:$(MS_CXR_T)$(if $(MIMIC_CXR),:$(MIMIC_CXR))
source.rsna = rsna:$(RSNA)
source.siim = siim:$(SIIM)
source.openi = openi:$(OPENI)
test.mimic-cxr = test
test.chexpert = valid
findings.ms-cxr-t = consolidation,edema,pleural effusion,pneumonia,pneumothorax
findings.rsna = pneumonia
findings.siim = pneumothorax
findings.openi = $(FINDINGS)

TRAINED := $(strip $(if $(MIMIC_CXR),mimic-cxr) $(if $(CHEXPERT),chexpert))
CENTRES := $(strip $(if $(RSNA),rsna) $(if $(SIIM),siim) $(if $(OPENI),openi))
TRAIN := $(foreach name,$(TRAINED),$(OUT)/train/$(name).binary.jsonl $(OUT)/train/$(name).tasks.jsonl)
TEST := $(foreach name,$(TRAINED),$(OUT)/test/$(name).binary.jsonl $(OUT)/test/$(name).tasks.jsonl) \
	$(if $(MS_CXR_T),$(OUT)/test/ms-cxr-t.jsonl) $(CENTRES:%=$(OUT)/test/%.centre.jsonl)
SETS := $(if $(TRAINED),$(OUT)/train.jsonl) $(OUT)/test.jsonl

MINE := cxr mine --with-images --dedupe$(if $(LIMIT), --limit $(LIMIT))
# A model that fails on some rows ends with exit code 3: these go on without steps, and no training takes them
VERIFIED := --steps reported$(if $(MINER), -m $(MINER) || test $$? -eq 3); } | cxr verify
TASKS := --task single --task multiple --task anomaly --task temporal

card: $(OUT)/card/README.md

$(OUT)/test $(OUT)/train:
	mkdir -p $@

$(OUT)/test/%.binary.jsonl: | $(OUT)/test
	# Test, $*: is there X? $(TEST_EACH) questions for each finding, half Yes and half No, with verified steps
	{ $(MINE) $(source.$*) --split $(test.$*) --findings "$(FINDINGS)" --per-finding $(TEST_EACH) --balance \
	$(VERIFIED) > $@.part
	mv $@.part $@

$(OUT)/test/%.tasks.jsonl: | $(OUT)/test
	# Test, $*: which one, which of these, normal or not, better or worse? With verified steps
	{ $(MINE) $(source.$*) --split $(test.$*) $(TASKS) $(VERIFIED) > $@.part
	mv $@.part $@

$(OUT)/test/ms-cxr-t.jsonl: | $(OUT)/test
	# Test, MS-CXR-T: better or worse, where the labels and the report agree
	{ $(MINE) $(source.ms-cxr-t) --findings "$(findings.ms-cxr-t)" --task temporal $(VERIFIED) > $@.part
	mv $@.part $@

$(OUT)/test/%.centre.jsonl: | $(OUT)/test
	# Test in another centre, $*: is there X? $(TEST_EACH) questions for each finding, without steps
	$(MINE) $(source.$*) --steps none --findings "$(findings.$*)" --per-finding $(TEST_EACH) --balance > $@.part
	mv $@.part $@

$(OUT)/test.jsonl: $(TEST)
	cat $^ > $@.part
	mv $@.part $@

$(OUT)/train/%.binary.jsonl: $(OUT)/test.jsonl | $(OUT)/train
	# Train, $*: as in the test, $(TRAIN_EACH) questions for each finding, without its patients
	{ $(MINE) $(source.$*) --split train --apart-from $< --findings "$(FINDINGS)" --per-finding $(TRAIN_EACH) --balance \
	$(VERIFIED) > $@.part
	mv $@.part $@

$(OUT)/train/%.tasks.jsonl: $(OUT)/test.jsonl | $(OUT)/train
	# Train, $*: the other tasks, from one of $(EVERY) studies
	{ $(MINE) $(source.$*) --split train --apart-from $< --every $(EVERY) $(TASKS) $(VERIFIED) > $@.part
	mv $@.part $@

$(OUT)/train.jsonl: $(TRAIN)
	cat $^ > $@.part
	mv $@.part $@

$(OUT)/films:
	# One folder for all films, with links to those of each data set
	mkdir -p $@.part
	for place in $(addsuffix /*,$(abspath $(subst :, ,$(foreach name,$(GIVEN),$($(name)))))); do \
	ln -sfn "$$place" $@.part/; done
	mv $@.part $@

$(OUT)/card/README.md: $(SETS) $(filter $(OUT)/films,$(IMAGES))
	# What is in it, and whether train and test share a patient, a film, a question or a report
	cxr card $(foreach set,$(SETS),$(basename $(notdir $(set)))=$(set)) \
	$(if $(IMAGES),--images $(IMAGES)) -o $(@D) --overwrite
