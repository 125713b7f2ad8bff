package explore_test

import (
	"context"
	"fmt"
	"strings"

	"sealab/explore"
	"sealab/run"
)

// Every order of a seal against a mapping, told as `sealab explore` does.
func Example() {
	scripts, err := run.Read(strings.NewReader(`kernel 6.12.5
r0 = memfd_create("a", MFD_ALLOW_SEALING)
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
never (s0 = 0 /\ m0 = 0)
`), "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := explore.Explore(context.Background(), scripts[0], explore.Plan{Search: explore.Complete})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range r.Outcomes {
		fmt.Println(o.Text)
	}
	fmt.Println(r.Conditions[0].Text, "is", r.Conditions[0].Observation+":", r.Conditions[0].Verdict)
	// Output:
	// s0=0  m0=EPERM  seals(a)=F_SEAL_WRITE
	// s0=EBUSY  m0=mapped  seals(a)=0
	// never (s0 = 0 /\ m0 = 0) is Never: holds
}
