# Short names for what a contributor runs. Each is one go command or .ci/run.

GO ?= go
FUZZTIME ?= 2m
CHECKS ?= 20000

.PHONY: all build install test generate lint long mutants ci

all: build test

build:
	$(GO) build -o bin/ ./cmd/sealab

test:
	$(GO) test ./...

# docs/KERNEL_MAP.md, docs/coverage.md and everything else that is written from the source
generate:
	$(GO) generate ./...

lint:
	.ci/run lint

# Property tests with many more cases, then minutes of fuzzing for each target
long:
	RAPID_CHECKS=$(CHECKS) $(GO) test -count=1 -timeout 2h ./...
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

# Which tests notice which wrong kernel: writes docs/mutants.md, in some 20 minutes of CPU
mutants:
	$(GO) run ./model_test/score -o docs/mutants.md

# Everything that is checked before a change is accepted
ci:
	.ci/run

# The command, with the engine of the page that `sealab site` writes
install:
	mkdir -p cmd/sealab/engine
	GOOS=js GOARCH=wasm CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o cmd/sealab/engine/sealab.wasm ./cmd/sealab-wasm
	cp "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" cmd/sealab/engine/
	$(GO) install -tags engine ./cmd/sealab
