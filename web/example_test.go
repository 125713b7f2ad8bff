package web_test

import (
	"fmt"

	"sealab/web"
)

func ExampleBuild() {
	doc, err := web.Build(&web.Request{Format: web.Format, Text: `r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
m0 = mmap(NULL, 4096, PROT_READ, MAP_SHARED, r0, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`}, web.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	v := doc.Verdicts[0]
	fmt.Println(v.Title)
	for i, c := range v.Cards {
		fmt.Printf("%d. %s\n", i+1, c.Text)
	}
	// Output:
	// fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)
	// 1. main calls mmap(NULL, 4096, PROT_READ, MAP_SHARED, r0, 0)
	// 2. main counts one mapping more that may become writable: i_mmap_writable of "a" 0 → 1
	// 3. main maps 4096 bytes at 0x7ffff7ffe000, r--s of "a"
	// 4. main is refused by mapping_deny_writable: EBUSY, since i_mmap_writable is 1
}
