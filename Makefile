.PHONY: run test lint ci bench

.venv: requirements-dev.txt
	python3 -m venv .venv && .venv/bin/pip install -q -r requirements-dev.txt && touch .venv

run: .venv
	.venv/bin/streamlit run app.py

test: .venv
	.venv/bin/pytest

lint: .venv
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

ci:
	.ci/run

bench: .venv
	.venv/bin/python tests/bench/browser.py && .venv/bin/python tests/bench/engine.py && .venv/bin/python tests/bench/ensembles.py && .venv/bin/python tests/bench/claims.py
