package abi_test

import (
	"fmt"

	"sealab/sim/abi"
)

func ExampleFormatFlags() {
	fmt.Println(abi.FormatFlags(abi.FamilyProt, abi.ProtRead|abi.ProtWrite))
	fmt.Println(abi.FormatFlags(abi.FamilyMap, abi.MapShared|abi.MapPopulate))
	fmt.Println(abi.FormatFlags(abi.FamilyOpen, abi.ORdwr|abi.OTrunc))
	fmt.Println(abi.FormatFlags(abi.FamilyMemfd, abi.MfdHugetlb|abi.MfdHuge2mb))
	fmt.Println(abi.FormatFlags(abi.FamilySeals, 0x40))
	// Output:
	// PROT_READ|PROT_WRITE
	// MAP_SHARED|MAP_POPULATE
	// O_RDWR|O_TRUNC
	// MFD_HUGETLB|21<<MFD_HUGE_SHIFT
	// 0x40 /* F_SEAL_??? */
}

func ExampleErrno() {
	fmt.Println(abi.EBUSY)
	e, ok := abi.ErrnoByName("EAGAIN")
	fmt.Println(e.Name(), int(e), ok)
	// Output:
	// EBUSY (Device or resource busy)
	// EAGAIN 11 true
}

func ExampleSeals_Result() {
	fmt.Println((abi.SealWrite | abi.SealGrow).Result())
	// Output:
	// 0xc (seals F_SEAL_GROW|F_SEAL_WRITE)
}
