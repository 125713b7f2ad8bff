#!/bin/bash -eu
# Builds every fuzz target of sealab for a service that runs Go's native ones with libFuzzer. The
# service calls it in its image, which has compile_native_go_fuzzer; OUT is where it looks.
#
# Each line below is a target: package, function, and what seeds it: `text` for the recorded logs and
# the named scenarios, or - for none. A test of sealab holds the list against its sources.

cd "${SRC:?the service sets it}/sealab"

# The function that the service's tool calls belongs to a module that go.mod does not name yet.
printf 'package fuzz\n\nimport _ "github.com/AdamKorcz/go-118-fuzz-build/testing"\n' >internal/fuzzdep.go
go get github.com/AdamKorcz/go-118-fuzz-build/testing

seeds="$(mktemp -d)"
cp testdata/logs/*.strace vectors/scenarios/*.scenario "$seeds"

while read -r package function kind; do
	name="$(tr / _ <<<"$package")_$function"
	compile_native_go_fuzzer "sealab/$package" "$function" "$name"
	[ "$kind" != text ] || zip -q -j "${OUT:?the service sets it}/${name}_seed_corpus.zip" "$seeds"/*
done <<'TARGETS'
model_test FuzzAnswer -
model_test FuzzLaws -
model_test FuzzSchedule -
replay FuzzReplay text
run FuzzPlay text
scenario FuzzRead text
scenario FuzzRoundTrip text
sim/sched FuzzParseSchedule -
sim/trace FuzzRead -
sim/xarray FuzzOps -
TARGETS
