PYTHON ?= python3

.PHONY: demo test soak check bench drawing

demo test soak check bench drawing:
	$(PYTHON) make.py $@
