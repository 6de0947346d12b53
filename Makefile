# Two commands: `make demo` trains, tests and fuses a two-stream TSN; `make test` runs all tests. Both set up .venv first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_DIR ?= demo_out
DEMO_OPTIONS ?=
DETECTION_DIR ?= demo_detection_out
WORKERS ?= 2

.PHONY: demo demo-detection test lint format setup clean help

help:
	@echo "make demo   set up $(VENV) if absent, then train, test and fuse a two-stream TSN on generated videos ($(DEMO_DIR)/)"
	@echo "make demo-detection   the same for actions in untrimmed videos ($(DETECTION_DIR)/)"
	@echo "make test   set up $(VENV) if absent, then run all tests"
	@echo "make lint   ruff: format and rules"

demo: $(VENV)/.ready
	$(BIN)/python tools/demo.py $(DEMO_DIR) $(DEMO_OPTIONS)

demo-detection: $(VENV)/.ready
	$(BIN)/python tools/demo_detection.py $(DETECTION_DIR) $(DEMO_OPTIONS)

# tests start many processes, which need not compile the package each
test: $(VENV)/.ready
	env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.ready

# opencv-python (wanted by MMEngine) and opencv-contrib-python (wanted by MMAction2) write the same folder; the contrib
# one holds TV-L1 and must come last.
$(VENV)/.ready: setup.cfg setup.py constraints.txt tests/backbones.txt
	@echo "Setting up $(VENV) (a few minutes the first time) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt setuptools wheel
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[lite,test]'
	$(BIN)/python -c "import cv2, sys; sys.exit(not hasattr(cv2, 'optflow'))" || \
		$(BIN)/python -m pip install --quiet --force-reinstall --no-deps -c constraints.txt opencv-contrib-python
	$(BIN)/python -m pip install --quiet --no-deps --target $(VENV)/backbones -r tests/backbones.txt
	touch $@

clean:
	rm -rf $(VENV) $(DEMO_DIR) $(DETECTION_DIR) build *.egg-info
