// Package mutated makes the kernels of a test binary wrong, so that its tests can be
// measured: those that still pass have not noticed.
//
// Tests import it for its effect, and nothing else may import it. With the environment
// variable SEALAB_MUTANT set to names of mutants (package mutant) every profile that the
// binary makes has them; without it nothing happens. The program model_test/score sets it.
package mutated
