package vectors_test

import _ "sealab/internal/mutated" // so that mutants can be tried on these tests
