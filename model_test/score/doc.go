// Score measures the tests: it runs them on one wrong kernel after the other (package
// mutant) and writes down which tests notice.
//
//	go run ./model_test/score -o docs/mutants.md     all mutants, some 20 minutes of CPU
//	go run ./model_test/score -state FILE -for 9m    in pieces: run it again until it is done
//	go run ./model_test/score -sample 5              every 20th, some seconds; what CI runs
//
// A test binary is built once for each package, and run once for each mutant with the
// environment variable SEALAB_MUTANT (package mutated). A test that fails, panics or
// runs out of time has noticed.
package main
