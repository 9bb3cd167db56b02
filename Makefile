# SPDX-License-Identifier: GPL-2.0-only
#
# Thin: every target is a command under ci/, which also works on its own.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

# Variables given on the command line reach the commands as environment, and
# must not reach the kernel's own make as overrides.
MAKEOVERRIDES =

.PHONY: help run check check-full base tree patches patches-check kunit \
	scenario scenarios fuzz bench coverage gates clean distclean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#h \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

#h Rewrite of the Linux Hyper-V guest drivers, as a patch series on v6.12.107.
#h
#h   make run            fetch, patch and build the kernel, boot it as a guest of
#h                       a VMBus host, exercise the devices, print what was seen
#h                         HOST=qemu|hvhost   the host (default: the best here)
#h                         STACK=new|legacy   whose drivers (default: new)
#h                         KERNEL_TREE=DIR    take the kernel from a tree you have
#h   make check          what CI runs; the last line is "N passed, N failed"
#h                         T=name[,name]      only these steps (T=list shows them)
#h   make check-full     everything, may take a day
#h
#h   make base           build/base: the pristine kernel, fetched and verified
#h                         KERNEL_TREE=DIR    take it from a tree you have
#h   make tree           build/tree: git repository, tag base, branch series
#h                         FORCE=1            drop your own commits there
#h   make patches        regenerate patches/ from the source folders
#h                         SUBMITTER='Name <mail>'  signed copies: build/signed/
#h   make patches-check  prove in seconds that patches/ equals the sources
#h
#h   make kunit          every KUnit suite; the last line counts the cases
#h                         ARCH=um|x86_64|s390  (default: um; s390: big endian)
#h   make scenario S=name    one guest scenario (S=list shows them)
#h                         HOST=, STACK=      as for make run
#h   make scenarios      all of them
#h                         HOST=, STACK=, CONFIG=lean|debug|fault..., J=guests at once
#h   make fuzz           a host that misbehaves by seed, a minute for each device
#h                         T=MINUTES, DEV=name[,name], SEED=N (ci/fuzz --help)
#h   make bench          new against legacy: table and build/bench/report.json
#h   make coverage       line coverage of the wire and logic files
#h                         FUZZ=1             by the fuzzers' corpora, not KUnit
#h   make gates          checkpatch, kernel-doc, sparse, W=1 ... (T=name: one)
#h
#h   make clean          drop what was built; keep build/base and build/tree
#h   make distclean      drop build/ (refuses over your commits in build/tree)
#h
#h Everything lands under build/ (BUILD=DIR moves it), logs in build/logs/.
#h Missing packages are installed when run as root, else named.

run:
	@ci/run

check:
	@ci/check $(if $(T),--only $(T))

check-full:
	@ci/check-full $(if $(T),--only $(T))

base:
	@ci/base

tree:
	@ci/tree

patches:
	@ci/stack patches $(if $(SUBMITTER),--submitter "$$SUBMITTER")

patches-check:
	@ci/packages stack >/dev/null
	@ci/stack check

kunit:
	@ci/kunit

scenario:
	@$(if $(S),,echo "make scenario: say which one: make scenario S=name" \
		"(S=list shows them)" >&2; exit 2;) \
	ci/scenario $(if $(filter list,$(S)),--list,$(S))

scenarios:
	@ci/scenario --all --quiet $(if $(J),--jobs $(J))

fuzz:
	@ci/fuzz $(if $(T),T=$(T)) $(if $(DEV),DEV=$(DEV)) $(if $(SEED),SEED=$(SEED))

bench:
	@ci/bench

coverage:
	@ci/coverage $(if $(FUZZ),--fuzz)

gates:
	@ci/gates $(or $(T),all)

clean:
	@ci/clean

distclean:
	@ci/clean --all
