package profile

import "sealab/sim/abi"

const (
	addSeals = "mm/memfd.c memfd_add_seals"
	tagPins  = "mm/memfd.c memfd_tag_pins"
	waitPins = "mm/memfd.c memfd_wait_for_pins"
	create   = "mm/memfd.c memfd_create"
	lruAdd   = "mm/swap.c folio_add_lru"
)

var sealFeatures = []Feature{
	{"add-order", addSeals, "which check of F_ADD_SEALS comes first",
		enum(func(p *Profile) *AddOrder { return &p.AddOrder },
			choice{"fop-first", "F_ADD_SEALS on a read-only descriptor of an ordinary file gives EINVAL."},
			choice{"mode-first", "F_ADD_SEALS on a read-only descriptor of an ordinary file gives EPERM."})},
	{"arg-wide", addSeals, "the upper half of the argument of F_ADD_SEALS",
		enum(func(p *Profile) *ArgWide { return &p.ArgWide },
			choice{"einval", "Bits above the low 32 of the argument of F_ADD_SEALS give EINVAL."},
			choice{"ignored", "Bits above the low 32 of the argument of F_ADD_SEALS are ignored."})},
	{"seals", addSeals, "the seals that F_ADD_SEALS knows",
		bits(func(p *Profile) *abi.Seals { return &p.Seals }, abi.FamilySeals, abi.SealsAll,
			"F_ADD_SEALS takes %s and answers EINVAL to anything else.")},
	{"exec-implies", addSeals, "when F_SEAL_EXEC adds the write seal to an executable file",
		enum(func(p *Profile) *ExecImply { return &p.ExecImply },
			choice{"none", "F_SEAL_EXEC does not exist."},
			choice{"after-check",
				"F_SEAL_EXEC on an executable memfd sets F_SEAL_WRITE even while a writable mapping exists."},
			choice{"before-check", "F_SEAL_EXEC on an executable memfd fails with EBUSY while somebody may write."})},
	{"hugetlb-sealing", addSeals, "whether memfds of huge pages can be sealed",
		flag(func(p *Profile) *bool { return &p.HugetlbSealing },
			"MFD_HUGETLB and MFD_ALLOW_SEALING go together.",
			"A memfd of huge pages cannot be sealed: MFD_HUGETLB with MFD_ALLOW_SEALING gives EINVAL.")},
}

var createFeatures = []Feature{
	{"memfd-flags", create, "the flags that memfd_create knows",
		bits(func(p *Profile) *uint32 { return &p.MemfdFlags }, abi.FamilyMemfd, memfdFlagsAll,
			"memfd_create takes %s and answers EINVAL to any other flag.")},
	{"noexec-seal-unseals", create, "whether MFD_NOEXEC_SEAL allows sealing",
		flag(func(p *Profile) *bool { return &p.NoexecSealUnseals },
			"A memfd made with MFD_NOEXEC_SEAL alone can be sealed.",
			"Only MFD_ALLOW_SEALING makes a memfd that can be sealed.")},
	{"memfd-noexec", create, "what the sysctl vm.memfd_noexec=2 does",
		enum(func(p *Profile) *Noexec { return &p.MemfdNoexec },
			choice{"absent", "There is no sysctl vm.memfd_noexec."},
			choice{"einval", "With vm.memfd_noexec=2 memfd_create gives EINVAL without MFD_EXEC or MFD_NOEXEC_SEAL."},
			choice{"eacces", "With vm.memfd_noexec=2 memfd_create gives EACCES without MFD_NOEXEC_SEAL."},
			choice{"implied", "With vm.memfd_noexec=2 memfd_create adds MFD_NOEXEC_SEAL; MFD_EXEC gives EACCES."})},
	{"noexec-hierarchy", "kernel/pid_sysctl.h pid_mfd_noexec_dointvec_minmax", "how vm.memfd_noexec is inherited",
		flag(func(p *Profile) *bool { return &p.NoexecHierarchy },
			"vm.memfd_noexec is at least that of every enclosing pid namespace, and can be lowered to it.",
			"vm.memfd_noexec, where it exists, can only be raised, and each pid namespace has its own.")},
}

var waitFeatures = []Feature{
	{"pin-test", waitPins, "which pages look pinned",
		enum(func(p *Profile) *PinTest { return &p.PinTest },
			choice{"subpage", "F_SEAL_WRITE always ends in EBUSY when the file has a transparent huge page."},
			choice{"thp-total", "Transparent huge pages can be write-sealed; folios of other sizes are not foreseen."},
			choice{"folio", "Folios of any size can be write-sealed."},
			choice{"expected", "Folios of any size can be write-sealed; the kernel computes what it holds itself."})},
	{"tag-test-strict", tagPins, "whether too few references look pinned in the first pass",
		flag(func(p *Profile) *bool { return &p.TagTestStrict },
			"A page that is just being migrated or split can make F_SEAL_WRITE wait.",
			"A page that is just being migrated or split does not make F_SEAL_WRITE wait.")},
	{"walk-tag", tagPins, "how the first pass walks the page tree",
		enum(func(p *Profile) *Walk { return &p.WalkTag }, walkChoices...)},
	{"walk-wait", waitPins, "how the later passes walk the page tree",
		enum(func(p *Profile) *Walk { return &p.WalkWait }, walkChoices...)},
	{"batch", tagPins, "entries looked at between two pauses",
		number(func(p *Profile) *int { return &p.Batch }, 0, 1<<20,
			"F_SEAL_WRITE lets others at the page tree after every %d entries (0: when another task wants the CPU).")},
	{"batch-weighted", tagPins, "whether a huge page counts as its pages in a batch",
		flag(func(p *Profile) *bool { return &p.BatchWeighted },
			"A huge page counts as 512 entries between two pauses.",
			"A huge page counts as one entry between two pauses.")},
	{"batch-counts-values", tagPins, "whether entries that are no pages count in a batch",
		flag(func(p *Profile) *bool { return &p.BatchCountsValues },
			"Swapped-out pages count between two pauses.",
			"Swapped-out pages do not count between two pauses.")},
	{"value-clears-mark", waitPins, "whether a page that was swapped out loses its mark",
		flag(func(p *Profile) *bool { return &p.ValueClearsMark },
			"A pinned page that is swapped out during the wait ends it at the next look.",
			"A pinned page that is swapped out during the wait makes it last to the end; then the seal is set.")},
	{"hugetlb-refs", "mm/hugetlb.c hugetlb_add_to_page_cache",
		"references of the page cache on a huge page of hugetlbfs",
		enum(func(p *Profile) *HugetlbRefs { return &p.HugetlbRefs },
			choice{"one", "The page cache holds one reference of a hugetlb folio."},
			choice{"each",
				"The page cache holds a reference for each page of a hugetlb folio; with a pin test before " +
					"\"folio\" write-sealing it always ends in EBUSY."})},
	{"swap-cache-expected", "include/linux/mm.h folio_expected_ref_count", "whether the swap cache looks like a pin",
		flag(func(p *Profile) *bool { return &p.SwapCacheExpected },
			"A page on its way to or from swap does not make F_SEAL_WRITE wait.",
			"A page on its way to or from swap can make F_SEAL_WRITE wait.")},
	{"stray-wake-ends-wait", waitPins, "what a wake-up of the sleeping task does",
		flag(func(p *Profile) *bool { return &p.StrayWakeEndsWait },
			"Whatever wakes the task that waits in F_SEAL_WRITE makes the next look at the pages the last.",
			"Only a fatal signal shortens the wait of F_SEAL_WRITE.")},
	{"timer-wheel", "kernel/time/timer.c calc_wheel_index", "how long a sleep lasts",
		flag(func(p *Profile) *bool { return &p.TimerWheel },
			"Each sleep of F_SEAL_WRITE lasts up to a tick longer than asked, a long one up to 8.",
			"Each sleep of F_SEAL_WRITE lasts as many ticks as asked.")},
	{"hz", "kernel/Kconfig.hz CONFIG_HZ", "ticks a second",
		number(func(p *Profile) *int { return &p.HZ }, 24, 10000, "The clock ticks %d times a second.")},
	{"tree-nodes", "include/linux/xarray.h XA_CHUNK_SHIFT", "how wide a node of the page tree is",
		number(func(p *Profile) *int { return &p.NodeShift }, 1, 6,
			"A node of the page tree has 2^%d slots, which nobody can tell.")},
}

var walkChoices = []choice{
	{"rcu", "The walk takes no lock but to change a mark: pages may come, go and be pinned under it."},
	{"radix-locked", "The walk holds the lock of the page tree between its pauses."},
	{"xarray", "The walk holds the lock of the page tree between its pauses, and meets each large folio once."},
}

var batchFeatures = []Feature{
	{"lru-batch", lruAdd, "how many new pages a CPU keeps to itself",
		number(func(p *Profile) *int { return &p.LRUBatch }, 1, 255,
			"A CPU holds up to %d new pages; F_SEAL_WRITE on another CPU has to collect them.")},
	{"lru-drain-first", lruAdd, "when a full batch is emptied",
		flag(func(p *Profile) *bool { return &p.LRUDrainFirst },
			"The last page that filled a CPU's batch stays there until the next comes.",
			"A CPU's batch is emptied as soon as it is full.")},
	{"lru-large-bypass", lruAdd, "whether large folios wait in a batch",
		flag(func(p *Profile) *bool { return &p.LRULargeBypass },
			"A new large folio is never held back in a CPU's batch.",
			"A new large folio is held back in a CPU's batch like a small page.")},
}
