package profile

const (
	doMmap   = "mm/mmap.c do_mmap"
	region   = "mm/vma.c mmap_region"
	madvise  = "mm/madvise.c madvise_remove"
	populate = "mm/madvise.c madvise_populate"
	udmabuf  = "drivers/dma-buf/udmabuf.c check_memfd_seals"
)

var mapFeatures = []Feature{
	{"count-flag", "include/linux/fs.h mapping_map_writable", "which mappings forbid F_SEAL_WRITE",
		enum(func(p *Profile) *CountFlag { return &p.CountFlag },
			choice{"shared",
				"A read-only shared mapping under F_SEAL_FUTURE_WRITE makes F_SEAL_WRITE fail with EBUSY."},
			choice{"shared-maywrite",
				"A read-only shared mapping under F_SEAL_FUTURE_WRITE does not hinder F_SEAL_WRITE."})},
	{"mmap-counter", region, "when mmap asks whether the file denies writable mappings",
		enum(func(p *Profile) *MmapCounter { return &p.MmapCounter },
			choice{"before-hook",
				"A shared mmap with MAP_FIXED that a seal refuses has already removed what was there."},
			choice{"after-hook", "As before-hook; the seals are asked before the counter."},
			choice{"before-unmap", "A shared mmap with MAP_FIXED that F_SEAL_WRITE refuses leaves what was there."})},
	{"mmap-seal-check", "mm/memfd.c memfd_check_seals_mmap", "where mmap looks at the seals",
		enum(func(p *Profile) *MmapSealCheck { return &p.MmapSealCheck },
			choice{"hook", "F_SEAL_FUTURE_WRITE does not stop a new writable mapping that is merged with an old one."},
			choice{"do-mmap",
				"F_SEAL_FUTURE_WRITE stops every new writable shared mapping, and a refusal unmaps nothing."})},
	{"write-seal-strip", doMmap, "where a read-only mapping of a write-sealed file is made harmless", writeSealStrip()},
	{"future-write-cow-bug", "mm/shmem.c shmem_mmap", "whether F_SEAL_FUTURE_WRITE breaks private mappings",
		flag(func(p *Profile) *bool { return &p.FutureWriteCOWBug },
			"Under F_SEAL_FUTURE_WRITE parent and child share what either writes to a private mapping.",
			"Private mappings stay private under F_SEAL_FUTURE_WRITE.")},
	{"hugetlb-future-write", "fs/hugetlbfs/inode.c hugetlbfs_file_mmap", "whether huge pages obey F_SEAL_FUTURE_WRITE",
		flag(func(p *Profile) *bool { return &p.HugetlbFutureWrite },
			"mmap of a memfd of huge pages obeys F_SEAL_FUTURE_WRITE.",
			"mmap of a memfd of huge pages ignores F_SEAL_FUTURE_WRITE.")},
	{"map-shared-validate", doMmap, "whether MAP_SHARED_VALIDATE is known",
		flag(func(p *Profile) *bool { return &p.MapSharedValidate },
			"MAP_SHARED_VALIDATE works.", "MAP_SHARED_VALIDATE gives EINVAL.")},
	{"map-fixed-noreplace", doMmap, "whether MAP_FIXED_NOREPLACE is known",
		flag(func(p *Profile) *bool { return &p.MapFixedNoreplace },
			"MAP_FIXED_NOREPLACE gives EEXIST where something is mapped.",
			"MAP_FIXED_NOREPLACE is ignored: the address is a hint.")},
	{"mremap-dontunmap", "mm/mremap.c check_mremap_params", "what MREMAP_DONTUNMAP takes",
		enum(func(p *Profile) *Dontunmap { return &p.MremapDontunmap },
			choice{"none", "MREMAP_DONTUNMAP gives EINVAL."},
			choice{"anon-private", "MREMAP_DONTUNMAP of a mapping of a file gives EINVAL."},
			choice{"any", "MREMAP_DONTUNMAP works on shared mappings too."})},
	{"madv-remove", madvise, "which mappings MADV_REMOVE takes",
		enum(func(p *Profile) *MadvRemove { return &p.MadvRemove },
			choice{"write", "MADV_REMOVE through a PROT_READ mapping gives EACCES."},
			choice{"maywrite", "MADV_REMOVE works through a PROT_READ shared mapping of a writable descriptor."})},
	{"madv-populate", populate, "whether MADV_POPULATE_READ and _WRITE are known",
		flag(func(p *Profile) *bool { return &p.MadvPopulate },
			"MADV_POPULATE_READ and MADV_POPULATE_WRITE work.",
			"MADV_POPULATE_READ and MADV_POPULATE_WRITE give EINVAL.")},
	{"populate-gap", populate, "their error where nothing is mapped",
		enum(func(p *Profile) *PopulateGap { return &p.PopulateGap },
			choice{"last",
				"MADV_POPULATE_READ or _WRITE goes on behind a gap; another error there comes before ENOMEM."},
			choice{"first", "MADV_POPULATE_READ or _WRITE stops at a gap with ENOMEM."})},
	{"hugetlbfs", "fs/hugetlbfs/inode.c CONFIG_HUGETLBFS", "whether there is hugetlbfs",
		flag(func(p *Profile) *bool { return &p.Hugetlbfs },
			"MFD_HUGETLB works.", "MFD_HUGETLB gives ENOSYS: the kernel is built without hugetlbfs.")},
	{"transparent-huge", "mm/huge_memory.c CONFIG_TRANSPARENT_HUGEPAGE",
		"whether there are transparent huge pages",
		flag(func(p *Profile) *bool { return &p.TransparentHuge },
			"MADV_HUGEPAGE is known.", "MADV_HUGEPAGE gives EINVAL: the kernel is built without huge pages.")},
	{"uffd-needs-maywrite", "fs/userfaultfd.c userfaultfd_register", "what userfaultfd takes",
		flag(func(p *Profile) *bool { return &p.UffdNeedsMayWrite },
			"userfaultfd refuses mappings that can never become writable, with EPERM.",
			"userfaultfd can fill holes of a write-sealed file.")},
	{"delayed-rmap", "mm/memory.c zap_pte_range", "when munmap gives the map count of a written page back",
		flag(func(p *Profile) *bool { return &p.DelayedRmap },
			"A munmap on another CPU hardly ever makes F_SEAL_WRITE wait.",
			"A munmap on another CPU can make F_SEAL_WRITE wait.")},
}

// writeSealStrip is the one enumeration whose meaning another field decides too.
func writeSealStrip() value {
	v := enum(func(p *Profile) *WriteSealStrip { return &p.WriteSealStrip },
		choice{word: "none"}, choice{word: "hook"}, choice{word: "do-mmap"})
	v.means = func(p *Profile) string {
		if p.ReadOnlyAfterWriteSeal() {
			return "After F_SEAL_WRITE PROT_READ shared mappings are allowed."
		}
		return "After F_SEAL_WRITE no shared mapping through a writable descriptor is allowed, not even PROT_READ."
	}
	return v
}

var fileFeatures = []Feature{
	{"grow-write", "mm/filemap.c generic_perform_write", "a write across the end under F_SEAL_GROW",
		enum(func(p *Profile) *GrowWrite { return &p.GrowWrite },
			choice{"short", "Under F_SEAL_GROW a write across the end writes the pages before it; the count is short."},
			choice{"whole", "Under F_SEAL_GROW a write across the end gives EPERM and writes nothing."})},
	{"o-direct", "mm/shmem.c shmem_file_open", "whether tmpfs takes O_DIRECT",
		flag(func(p *Profile) *bool { return &p.ODirect },
			"O_DIRECT works on a memfd.", "O_DIRECT on a memfd gives EINVAL.")},
	{"splice-hole-pins", "mm/shmem.c shmem_file_splice_read", "whether a spliced hole holds a page",
		flag(func(p *Profile) *bool { return &p.SpliceHolePins },
			"Splicing a hole of a memfd into a pipe makes a page and holds it: F_SEAL_WRITE ends in EBUSY.",
			"Splicing a hole of a memfd into a pipe holds no page of it.")},
	{"splice-nonblock", "fs/splice.c do_splice", "whether splice and tee heed O_NONBLOCK",
		flag(func(p *Profile) *bool { return &p.SpliceNonblock },
			"splice and tee do not wait for a pipe with O_NONBLOCK.",
			"splice and tee wait for a pipe with O_NONBLOCK, unless SPLICE_F_NONBLOCK is given.")},
	{"sendfile-pins", "fs/read_write.c do_sendfile", "whether sendfile into a pipe holds pages",
		flag(func(p *Profile) *bool { return &p.SendfilePins },
			"sendfile from a memfd into a pipe holds its pages: F_SEAL_WRITE ends in EBUSY.",
			"sendfile from a memfd into a pipe copies.")},
	{"falloc-fatal-only", "mm/shmem.c shmem_fallocate", "which signals interrupt fallocate",
		flag(func(p *Profile) *bool { return &p.FallocFatalOnly },
			"Only a fatal signal interrupts fallocate on a memfd.",
			"Any signal interrupts fallocate on a memfd, with EINTR.")},
	{"shmem-huge", "mm/shmem.c shmem_get_folio_gfp", "sizes of folios of tmpfs",
		enum(func(p *Profile) *ShmemHuge { return &p.ShmemHuge },
			choice{"none", "A memfd consists of small pages."},
			choice{"pmd", "A memfd can have transparent huge pages of 2 MiB."},
			choice{"any", "A memfd can have folios of any power of two up to 2 MiB."})},
	{"hwpoison-keeps", "mm/memory-failure.c me_pagecache_clean", "what becomes of a page with a memory error",
		flag(func(p *Profile) *bool { return &p.HwpoisonKeeps },
			"A page with a memory error stays in the file and held: F_SEAL_WRITE always ends in EBUSY.",
			"A page with a memory error leaves the file.")},
}

var holderFeatures = []Feature{
	{"pin-bias", "mm/gup.c try_grab_folio", "references of one pin of a small page",
		number(func(p *Profile) *int { return &p.PinBias }, 1, 1<<16, "A pin of a small page takes %d references.")},
	{"io-uring", "io_uring/io_uring.c io_uring_setup", "whether there is io_uring",
		flag(func(p *Profile) *bool { return &p.IOUring }, "There is io_uring.", "io_uring_setup gives ENOSYS.")},
	{"io-uring-exit-wakes", "io_uring/io_uring.c io_ring_exit_work", "whether closing a ring disturbs a wait",
		flag(func(p *Profile) *bool { return &p.IOUringExitWakes },
			"F_SEAL_WRITE soon after closing a ring with fixed buffers ends early in EBUSY.",
			"Closing a ring does not shorten the wait of F_SEAL_WRITE.")},
	{"udmabuf", udmabuf, "whether there is udmabuf",
		flag(func(p *Profile) *bool { return &p.Udmabuf }, "There is /dev/udmabuf.", "There is no /dev/udmabuf.")},
	{"udmabuf-future-write", udmabuf, "whether udmabuf obeys F_SEAL_FUTURE_WRITE",
		flag(func(p *Profile) *bool { return &p.UdmabufFutureWrite },
			"udmabuf refuses a memfd with F_SEAL_FUTURE_WRITE.", "udmabuf takes a memfd with F_SEAL_FUTURE_WRITE.")},
	{"udmabuf-lock", udmabuf, "whether udmabuf holds the inode lock",
		flag(func(p *Profile) *bool { return &p.UdmabufLock },
			"udmabuf waits for F_ADD_SEALS, and cannot slip a writer past it.",
			"udmabuf can take pages while F_SEAL_WRITE is being set.")},
	{"udmabuf-pins", "mm/gup.c memfd_pin_folios", "how udmabuf holds pages",
		flag(func(p *Profile) *bool { return &p.UdmabufPins },
			"udmabuf pins the pages of a memfd.", "udmabuf takes a reference of each page of a memfd.")},
}
