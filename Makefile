PYTHON ?= python3

.PHONY: demo test soak check bench

demo test soak check bench:
	$(PYTHON) make.py $@
