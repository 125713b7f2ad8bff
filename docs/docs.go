package docs

import (
	_ "embed"
	"strings"
	"sync"
)

// KernelMap is docs/KERNEL_MAP.md: which function of the model stands for which of
// the kernel's.
//
//go:embed KERNEL_MAP.md
var KernelMap string

// KernelOf returns the kernel function that a function of the model stands for, by
// its name with its package ("memfd.AddSeals"): of several, the newest kernel's; ""
// if there is none.
func KernelOf(function string) string { return kernelOf()[function] }

var kernelOf = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	later := map[string]bool{}
	for _, l := range strings.Split(KernelMap, "\n") {
		col := strings.Split(l, "|")
		if len(col) != 5 || !strings.HasPrefix(col[1], " `") {
			continue
		}
		kernel := strings.Trim(col[1], " `")
		_, model, _ := strings.Cut(col[2], "[`")
		model, _, _ = strings.Cut(model, "`]")
		newest := strings.Contains(col[3], "later") || strings.Contains(col[3], "all versions")
		if m[model] == "" || newest && !later[model] {
			m[model], later[model] = kernel, newest
		}
	}
	return m
})
