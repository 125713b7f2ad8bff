package profile

import "sealab/sim/abi"

// change is one step in the history of Linux: what it did to the behaviour, and
// which releases have it.
type change struct {
	what   string         // what an application got, as in "6.6.y got ..."
	apply  func(*Profile) // sets the fields
	since  Series         // the first mainline series that has it; zero if none ever had
	stable []backport     // the stable releases of older series that have it
	doubt  doubt          // the series for which since is not certain
}

// backport is the first release of a stable series that has a change.
type backport struct {
	series Series
	point  int
	when   string // empty if the point release is confirmed; else when it came
}

// doubt is a range of series, from to last, that may or may not have a change.
type doubt struct{ from, last Series }

// in says whether a release has the change.
func (c *change) in(r Release) bool {
	if c.since != (Series{}) && !r.Series.Before(c.since) {
		return true
	}
	b := c.backport(r.Series)
	return b != nil && r.Point >= b.point
}

// backport returns the entry of a series, or nil.
func (c *change) backport(s Series) *backport {
	for i := range c.stable {
		if c.stable[i].series == s {
			return &c.stable[i]
		}
	}
	return nil
}

// v is short for a Series.
func v(major, minor int) Series { return Series{major, minor} }

const memfdFlagsAll = abi.MfdCloexec | abi.MfdAllowSealing | abi.MfdHugetlb | abi.MfdNoexecSeal | abi.MfdExec

// base is Linux 3.17, the first with memfd_create and seals.
func base() Profile {
	return Profile{
		Seals:             abi.SealSeal | abi.SealShrink | abi.SealGrow | abi.SealWrite,
		MemfdFlags:        abi.MfdCloexec | abi.MfdAllowSealing,
		ValueClearsMark:   true,
		StrayWakeEndsWait: true,
		HZ:                250,
		NodeShift:         6,
		LRUBatch:          14,
		LRUDrainFirst:     true,
		SpliceHolePins:    true,
		WriteFaultsFirst:  true,
		PinBias:           1,
		TransparentHuge:   true,
		Hugetlbfs:         true,
		Mutants:           everywhere,
	}
}

// Dates of the stable releases whose numbers are not confirmed.
const (
	dec2018 = "in December 2018"
	nov2019 = "at the end of October 2019"
	dec2019 = "in December 2019"
	dec2023 = "in December 2023"
	may2021 = "in May 2021"
	mar2022 = "in March 2022"
	apr2024 = "in April 2024"
	nov2024 = "in November or December 2024"
	dec2024 = "in December 2024"
	aug2025 = "in August 2025"
)

// changes is the history since base, in the order in which mainline took it. A
// change that only stable releases have stands where its mainline relative does.
// Where two apply the later one wins.
var changes = concat(early, xarrayTime, folioTime, mmapSaga, late)

func concat(parts ...[]change) []change {
	var all []change
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// early is 3.18 to 4.19.
var early = []change{
	{what: "userfaultfd", since: v(4, 3), apply: func(p *Profile) { p.Userfaultfd = true }},
	{what: "LRU batches that are emptied when full", since: v(4, 7),
		apply: func(p *Profile) { p.LRUDrainFirst, p.LRULargeBypass = false, true }},
	{what: "the coarse timer wheel", since: v(4, 8), apply: func(p *Profile) { p.TimerWheel = true }},
	{what: "huge pages in tmpfs", since: v(4, 8), apply: func(p *Profile) { p.ShmemHuge = ShmemHugePMD }},
	{what: "userfaultfd on tmpfs", since: v(4, 11), apply: func(p *Profile) { p.UffdShmem = true }},
	{what: "MFD_HUGETLB", since: v(4, 14), apply: func(p *Profile) { p.MemfdFlags |= abi.MfdHugetlb }},
	{what: "MAP_SHARED_VALIDATE", since: v(4, 15), apply: func(p *Profile) { p.MapSharedValidate = true }},
	{what: "sealing of huge page memfds", since: v(4, 16),
		apply: func(p *Profile) { p.AddOrder, p.HugetlbSealing = ModeFirst, true }},
	{what: "LRU batches of 15 pages", since: v(4, 16), apply: func(p *Profile) { p.LRUBatch = 15 }},
	{what: "RWF_APPEND", since: v(4, 16), apply: func(p *Profile) { p.RWFAppend = true }},
	{what: "MAP_FIXED_NOREPLACE", since: v(4, 17), apply: func(p *Profile) { p.MapFixedNoreplace = true }},
	{what: "the page tree's lock around the first pass of the wait for pins",
		apply: func(p *Profile) { p.WalkTag, p.Batch, p.BatchCountsValues = WalkRadixLocked, 1024, true },
		stable: []backport{
			{v(4, 4), 198, ""}, {v(4, 9), 198, nov2019}, {v(4, 14), 151, nov2019}, {v(4, 19), 81, nov2019}}},
	{what: "write-sealing of files with huge pages",
		apply:  func(p *Profile) { p.PinTest, p.TagTestStrict = PinTestTHPTotal, true },
		stable: []backport{{v(4, 9), 305, ""}, {v(4, 14), 270, ""}}},
	{what: "write-sealing of files with huge pages",
		apply:  func(p *Profile) { p.PinTest, p.TagTestStrict, p.BatchWeighted = PinTestTHPTotal, true, true },
		stable: []backport{{v(4, 19), 233, mar2022}}},
	{what: "the refusal of userfaultfd on mappings that cannot become writable", since: v(4, 20),
		apply:  func(p *Profile) { p.UffdNeedsMayWrite = true },
		stable: []backport{{v(4, 14), 87, dec2018}, {v(4, 19), 8, dec2018}}},
}

// xarrayTime is 4.20 to 5.18.
var xarrayTime = []change{
	{what: "the XArray", since: v(4, 20),
		apply: func(p *Profile) {
			p.WalkTag, p.WalkWait, p.Batch = WalkXArray, WalkXArray, 4096
			p.BatchCountsValues, p.ValueClearsMark = false, false
		}},
	{what: "udmabuf", since: v(4, 20), apply: func(p *Profile) { p.Udmabuf = true }},
	{what: "F_SEAL_FUTURE_WRITE", since: v(5, 1),
		apply: func(p *Profile) { p.Seals |= abi.SealFutureWrite; p.FutureWriteCOWBug = true }},
	{what: "splice and tee that heed O_NONBLOCK", since: v(5, 1), apply: func(p *Profile) { p.SpliceNonblock = true }},
	{what: "io_uring", since: v(5, 1), apply: func(p *Profile) { p.IOUring, p.IOUringExitWakes = true, true }},
	{what: "MADV_COLD and MADV_PAGEOUT", since: v(5, 4), apply: func(p *Profile) { p.MadvPageout = true }},
	{what: "private mappings that stay private under F_SEAL_FUTURE_WRITE", since: v(5, 5),
		apply:  func(p *Profile) { p.FutureWriteCOWBug = false },
		stable: []backport{{v(5, 4), 3, dec2019}}},
	{what: "pins of 1024 references", since: v(5, 7), apply: func(p *Profile) { p.PinBias = 1024 }},
	{what: "MREMAP_DONTUNMAP", since: v(5, 7), apply: func(p *Profile) { p.MremapDontunmap = DontunmapAnonPrivate }},
	{what: "sendfile into a pipe without a copy", since: v(5, 12), apply: func(p *Profile) { p.SendfilePins = true }},
	{what: "MREMAP_DONTUNMAP of any mapping", since: v(5, 13),
		apply: func(p *Profile) { p.MremapDontunmap = DontunmapAny }},
	{what: "F_SEAL_FUTURE_WRITE on huge page memfds", since: v(5, 13),
		apply: func(p *Profile) { p.HugetlbFutureWrite = true },
		stable: []backport{
			{v(5, 4), 120, may2021}, {v(5, 10), 38, ""}, {v(5, 11), 22, ""}, {v(5, 12), 5, may2021}}},
	{what: "MADV_POPULATE_READ and MADV_POPULATE_WRITE", since: v(5, 14),
		apply: func(p *Profile) { p.MadvPopulate = true }},
	{what: "pages with memory errors that stay in the file", since: v(5, 16),
		apply: func(p *Profile) { p.HwpoisonKeeps = true }, doubt: doubt{v(5, 15), v(5, 16)}},
	{what: "write-sealing of files with huge pages", since: v(5, 17),
		apply: func(p *Profile) {
			p.PinTest, p.TagTestStrict, p.BatchWeighted = PinTestTHPTotal, true, true
			p.BatchCountsValues, p.ValueClearsMark = true, true
		},
		stable: []backport{
			{v(5, 4), 183, mar2022}, {v(5, 10), 104, mar2022}, {v(5, 15), 27, ""}, {v(5, 16), 13, mar2022}}},
	{what: "reads of holes that make no page", since: v(5, 18), apply: func(p *Profile) { p.SpliceHolePins = false }},
}

// folioTime is 5.19 to 6.9, but for mmap.
var folioTime = []change{
	{what: "copy_file_range within one file system", since: v(5, 19),
		apply: func(p *Profile) { p.CopyFileRange = true }},
	{what: "rings whose end does not wake their task", since: v(6, 1),
		apply: func(p *Profile) { p.IOUringExitWakes = false }, doubt: doubt{v(5, 11), v(6, 0)}},
	{what: "map counts that munmap drops late", since: v(6, 2), apply: func(p *Profile) { p.DelayedRmap = true }},
	{what: "F_SEAL_EXEC, MFD_EXEC and MFD_NOEXEC_SEAL", since: v(6, 3),
		apply: func(p *Profile) {
			p.Seals |= abi.SealExec
			p.ExecImply = ExecImplyAfterCheck
			p.MemfdFlags |= abi.MfdNoexecSeal | abi.MfdExec
			p.NoexecSealUnseals, p.MemfdNoexec = true, NoexecEINVAL
		}},
	{what: "an fcntl argument of 32 bits", since: v(6, 5), apply: func(p *Profile) { p.ArgWide = ArgWideIgnored },
		doubt: doubt{v(6, 4), v(6, 4)}},
	{what: "EACCES for vm.memfd_noexec=2", since: v(6, 5), apply: func(p *Profile) { p.MemfdNoexec = NoexecEACCES },
		doubt: doubt{v(6, 4), v(6, 4)}},
	{what: "old programs under vm.memfd_noexec=2", since: v(6, 6),
		apply:  func(p *Profile) { p.MemfdNoexec = NoexecImplied },
		stable: []backport{{v(6, 5), 3, ""}}},
	{what: "vm.memfd_noexec by hierarchy", since: v(6, 6), apply: func(p *Profile) { p.NoexecHierarchy = true }},
	{what: "O_DIRECT on tmpfs", since: v(6, 6), apply: func(p *Profile) { p.ODirect = true }},
	{what: "io_urings that cannot be sent in messages", since: v(6, 7),
		apply: func(p *Profile) { p.RingsStay = true },
		stable: []backport{{v(5, 10), 204, dec2023}, {v(5, 15), 143, dec2023}, {v(6, 1), 68, dec2023},
			{v(6, 6), 7, dec2023}}},
	{what: "a reference for each page of a hugetlb folio", since: v(6, 7),
		apply: func(p *Profile) { p.HugetlbRefs = HugetlbRefsEach }},
	{what: "write-sealing of files with folios of any size", since: v(6, 9),
		apply: func(p *Profile) { p.PinTest, p.BatchWeighted = PinTestFolio, false }},
	{what: "LRU batches of 31 pages", since: v(6, 9), apply: func(p *Profile) { p.LRUBatch = 31 }},
	{what: "ENOMEM from MADV_POPULATE_READ and _WRITE over a gap", since: v(6, 9),
		apply:  func(p *Profile) { p.PopulateGap = GapFirst },
		stable: []backport{{v(6, 6), 29, apr2024}, {v(6, 8), 8, apr2024}},
		doubt:  doubt{v(6, 2), v(6, 11)}},
}

// mmapSaga is how read-only mappings of sealed files were allowed, refused and
// allowed again, and what came with it.
var mmapSaga = []change{
	{what: "read-only shared mappings of write-sealed files", since: v(6, 7),
		apply: func(p *Profile) {
			p.CountFlag, p.MadvRemove = CountSharedMayWrite, RemoveNeedsMayWrite
			p.WriteSealStrip, p.MmapCounter = StripInHook, CounterAfterHook
		},
		stable: []backport{{v(5, 4), 297, ""}}},
	{what: "mmap that asks the counter before it unmaps", since: v(6, 12),
		apply: func(p *Profile) { p.MmapCounter = CounterBeforeUnmap },
		stable: []backport{{v(5, 10), 231, ""}, {v(5, 15), 174, nov2024}, {v(6, 1), 119, nov2024},
			{v(6, 6), 63, nov2024}, {v(6, 11), 10, nov2024}}},
	{what: "read-only shared mappings of write-sealed files, again", since: v(6, 13),
		apply:  func(p *Profile) { p.WriteSealStrip = StripInDoMmap },
		stable: []backport{{v(6, 12), 9, ""}}},
	{what: "read-only shared mappings of write-sealed files",
		apply: func(p *Profile) {
			p.CountFlag, p.MadvRemove, p.WriteSealStrip = CountSharedMayWrite, RemoveNeedsMayWrite, StripInDoMmap
		},
		stable: []backport{{v(5, 10), 241, aug2025}, {v(5, 15), 190, aug2025}, {v(6, 1), 149, aug2025},
			{v(6, 6), 103, aug2025}}},
	{what: "seal checks of mmap before anything else", since: v(6, 14),
		apply:  func(p *Profile) { p.MmapSealCheck = CheckInDoMmap },
		stable: []backport{{v(6, 12), 93, ""}}},
}

// late is 6.11 and later, but for mmap.
var late = []change{
	{what: "fallocate that only a fatal signal interrupts", since: v(6, 11),
		apply: func(p *Profile) { p.FallocFatalOnly = true }},
	{what: "tmpfs folios of any size", since: v(6, 11), apply: func(p *Profile) { p.ShmemHuge = ShmemHugeAny }},
	{what: "udmabuf that pins", since: v(6, 11), apply: func(p *Profile) { p.UdmabufPins = true }},
	{what: "writes in chunks of 2 MiB", since: v(6, 11), apply: func(p *Profile) { p.GrowWrite = GrowWhole },
		doubt: doubt{v(6, 9), v(6, 11)}},
	{what: "udmabuf that obeys F_SEAL_FUTURE_WRITE and does not race", since: v(6, 13),
		apply:  func(p *Profile) { p.UdmabufFutureWrite, p.UdmabufLock = true, true },
		stable: []backport{{v(6, 6), 68, dec2024}, {v(6, 12), 7, dec2024}}},
	{what: "writes page by page without huge pages", since: v(6, 14),
		apply: func(p *Profile) { p.GrowWrite = GrowShort }},
	{what: "writes that look at seals before they touch their buffer", since: v(6, 15),
		apply: func(p *Profile) { p.WriteFaultsFirst = false }, doubt: doubt{v(6, 14), v(6, 15)}},
	{what: "a pin test of all that the kernel holds itself", since: v(6, 17),
		apply: func(p *Profile) { p.PinTest = PinTestExpected }, doubt: doubt{v(6, 16), v(6, 17)}},
	{what: "a pin test that knows the swap cache", since: v(6, 19),
		apply: func(p *Profile) { p.SwapCacheExpected = true }, doubt: doubt{v(6, 18), v(6, 19)}},
	{what: "the check for writers when F_SEAL_EXEC implies F_SEAL_WRITE", since: v(7, 1),
		apply:  func(p *Profile) { p.ExecImply = ExecImplyBeforeCheck },
		stable: []backport{{v(6, 6), 143, ""}, {v(6, 12), 93, ""}, {v(6, 18), 35, ""}, {v(7, 0), 12, ""}}},
	{what: "writes in chunks of 2 MiB, again", since: v(7, 2),
		apply: func(p *Profile) { p.GrowWrite = GrowWhole }, doubt: doubt{v(7, 0), v(7, 1)}},
}
