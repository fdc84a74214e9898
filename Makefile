# Every task of the house. `make` alone lists them.

GO      ?= go
TEMPL    = $(GO) run github.com/a-h/templ/cmd/templ
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
SOURCES  = $(shell find . -name '*.go' -o -name '*.templ' -o -path './web/ui/assets/*' -o -path './migrations/*.sql' -type f)

.DEFAULT_GOAL := help
.PHONY: help run demo test e2e bench soak lint generate verify shape deps

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

bin/halfkey bin/halfkey-device: $(SOURCES) go.mod go.sum
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/halfkey ./cmd/halfkey-device

run: bin/halfkey ## serve with the data in ./halfkey-data
	bin/halfkey serve

demo: bin/halfkey ## the whole story with The Simpsons, on http://localhost:8080 (PROVIDER=thingspeak: their channels at a second Halfkey)
	bin/halfkey serve --demo $(if $(PROVIDER),--provider $(PROVIDER))

test: deps verify ## everything that must hold: SQLite, PostgreSQL, browser, crash, secrets
	$(GO) vet ./...
	.ci/postgres $(GO) test -timeout 14m ./...

e2e: deps ## the stories of the finished program alone, told as they go
	.ci/postgres $(GO) test -count 1 -v -timeout 14m -run 'Story|Replicas|Secrets|Crash' ./cmd/halfkey

bench: ## what the hot paths cost here: requests, decisions, tokens, lists (HALFKEY_TEST_DEVICES=1000000, HALFKEY_TEST_AGENTS=1000000 for a crowd)
	$(GO) test -run '^$$' -bench House -benchtime 2s ./cmd/halfkey
	.ci/postgres $(GO) test -run '^$$' -bench 'Agents$$' -benchtime 2s -timeout 1h ./cmd/halfkey
	$(GO) test -run '^$$' -bench 'Decide|Casbin' ./policies
	$(GO) test -run '^$$' -bench 'Token|Renew|Call' ./web/api/agentmgmt
	.ci/postgres $(GO) test -run '^$$' -bench Lists ./devices

soak: deps ## two hundred kills under load, ten thousand open pages, a thousand devices over a bad line, a hundred thousand credentials that end in a minute
	HALFKEY_TEST_SOAK=1 .ci/postgres $(GO) test -count 1 -v -timeout 2h -run Crash ./cmd/halfkey
	HALFKEY_TEST_SOAK=1 $(GO) test -count 1 -v -timeout 15m -run ManyOpenPages ./cmd/halfkey
	HALFKEY_TEST_SOAK=1 .ci/postgres $(GO) test -count 1 -v -timeout 1h -run 'EachDevice|AnHour|AnotherHalfkey' ./web/thingspeak
	$(GO) test -run '^$$' -bench AgentsExpire -benchtime 1x ./cmd/halfkey

lint: verify ## vet and staticcheck
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

generate: ## make the Go code of the pages anew
	$(TEMPL) generate

verify: ## formatting is gofmt's, and the pages' Go code is current
	.ci/verify

shape: ## who imports whom
	@.ci/shape

deps: ## install what the tests need and this machine lacks (Debian)
	@.ci/deps
