# Every command does its own set-up. The work is in run.py, for systems without make.
#   make lab PYTHON=python3.12      with another Python than python3
#   make lab PY=python              in the active environment (conda, venv), no .venv
#   make test ARGS="-k ddpm"        arguments for the command behind
PYTHON ?= $(shell command -v python3 || command -v python)
NO_PYTHON = $(error No Python found. Install 3.11 or newer: https://www.python.org)
RUN = $(if $(PY),$(PY) run.py --here,$(or $(PYTHON),$(NO_PYTHON)) run.py)
export TORCH_INDEX

.PHONY: help lab test test-all parity weave book train doctor setup clean
help:
	@$(RUN) help

lab test test-all parity weave book train doctor setup clean:
	@$(RUN) $@ $(ARGS)
