# `make` alone lists what there is. Everything works from a fresh clone with Python, git and make.
PYTHON ?= python3
BIN := .venv/bin

# Where Python may not keep what it compiled, every process compiles all libraries again: 2.5 s of the processor for each
# service, command and test process that starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help house up down reset stack stack-status stack-down stack-reset doctor test test-fast check format fixture bench bench-morning bench-stack faults screens guide events lock

help: ## この一覧
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Every other target stands on this: .venv holds exactly what requirements.lock says (nothing to do when it does).
house:
	@$(PYTHON) tools/bootstrap.py

up: house ## 始める（TRANSPORT=kafka|log DATE=2026-11-20、初回は PUPILS=20000 も）
	@$(BIN)/tsumugi up $(if $(TRANSPORT),--transport $(TRANSPORT)) $(if $(DATE),--date $(DATE)) $(if $(PUPILS),--pupils $(PUPILS))

down: house ## すべてを止める。データは残る
	@$(BIN)/tsumugi down

reset: house ## すべてを止め、たずねてからデータを消す（YES=1 ならたずねない）
	@$(BIN)/tsumugi reset $(if $(YES),--yes)

# The platform edition: a folder and ports of its own, so that it can stand beside the embedded one.
STACK = TSUMUGI_STATE=$(or $(TSUMUGI_STATE),.tsumugi-stack) TSUMUGI_PORT=$(or $(TSUMUGI_PORT),8700)

# Or the same in containers, with names of its own.
COMPOSE = $(BIN)/python -m deploy.compose.stack
PROFILED = $(if $(PROFILE),--profile $(PROFILE))

stack: house ## プラットフォーム版を始める（ENGINE=compose PROFILE=small も）
ifeq ($(ENGINE),compose)
	@$(COMPOSE) up $(if $(DATE),--date $(DATE)) $(if $(PUPILS),--pupils $(PUPILS)) $(PROFILED)
else
	@$(STACK) $(BIN)/tsumugi up --edition platform $(if $(DATE),--date $(DATE)) $(if $(PUPILS),--pupils $(PUPILS))
endif

stack-status: house ## プラットフォーム版の準備、遅れ、メモリ
ifeq ($(ENGINE),compose)
	@$(COMPOSE) status $(PROFILED)
else
	@$(STACK) $(BIN)/tsumugi status
endif

stack-down: house ## プラットフォーム版を止める。データは残る
ifeq ($(ENGINE),compose)
	@$(COMPOSE) down $(PROFILED)
else
	@$(STACK) $(BIN)/tsumugi down
endif

stack-reset: house ## プラットフォーム版を止め、データを消す（YES=1 ならたずねない）
ifeq ($(ENGINE),compose)
	@test -n "$(YES)" || { echo "コンテナーのデータをすべて消すので、YES=1 をつけてください。"; exit 1; }
	@docker compose --profile full down --volumes
else
	@$(STACK) $(BIN)/tsumugi reset $(if $(YES),--yes)
endif

doctor: house ## この機械に足りないものと直し方を言う
	@$(BIN)/python -m deploy.local.doctor

test: check ## すべての検査とテスト（本物の PostgreSQL、Kafka、ブラウザー）
	@$(BIN)/python -m deploy.local.browser
	@test ! -f services/dashboard/web/package.json || $(BIN)/python -m deploy.local.web gates browser
	@$(BIN)/pytest --numprocesses=logical --maxprocesses=4

test-fast: check ## 検査と、Kafka・Keycloak・ブラウザー・長いものを除くテスト
	@$(BIN)/pytest --numprocesses=logical --maxprocesses=4 -m "not kafka and not keycloak and not browser and not slow"

check: house ## 書き方、型、層、この家の決まりの検査
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.lint

format: house ## コードの書き方をそろえる
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

fixture: house ## 今の版のデータの見本を残す（版を出すときに）
	@$(BIN)/python -m deploy.local.fixture

bench: house ## 目標とくらべて測る
	@$(BIN)/python -m benchmarks

bench-morning: house ## 十万人の市の朝と、その十倍を測る（PUPILS=20000 でも）
	@$(BIN)/python -m benchmarks morning $(if $(PUPILS),--pupils $(PUPILS)) $(if $(SECONDS),--seconds $(SECONDS))

bench-stack: house ## プラットフォーム版を測る（PARTS=pages SECONDS=5 EVENTS=9000 でも）
	@$(BIN)/python -m benchmarks.stack $(PARTS) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(EVENTS),--events $(EVENTS)) \
		$(if $(STORM),--storm $(STORM))

faults: house ## プラットフォーム版を、壊しながら確かめる（SECONDS=300 SEED=…）
	@TSUMUGI_FAULT_SECONDS=$(or $(SECONDS),300) TSUMUGI_SEED=$(SEED) $(BIN)/pytest -q -s -n0 tests/histories/test_platform.py

screens: house ## すべての画面を撮り、screens/index.html に並べる
	@$(BIN)/python -m deploy.local.browser
	@$(BIN)/python -m deploy.local.screens

guide: house ## 使い方の手引き（docs/guide）の絵を、動かした町から撮り直す
	@$(BIN)/python -m deploy.local.browser
	@$(BIN)/python -m tests.journeys.guide_pictures

events: house ## 契約から docs/events.md と型の見本を書く
	@$(BIN)/tsumugi events

lock: house ## パッケージのロックをつくり直す（版とハッシュだけ、住所なし）
	@$(BIN)/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --quiet --upgrade --output-file requirements.lock
	@$(BIN)/python -m deploy.local.web lock
