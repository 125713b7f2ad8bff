package gen

import "math/rand/v2"

// Together makes program number n of a seed, of which so many tasks (2 or 3) make the last
// calls at the same time. It is small, since every order of it is to be searched: one or two
// calls for each task, on one file, with what they may meet there made before.
func Together(seed, n uint64, tasks int) Program {
	g := &drawing{rng: rand.New(rand.NewPCG(seed, n^1<<63))}
	g.call("r0", "memfd_create", `"a"`, g.pick("MFD_ALLOW_SEALING", "MFD_ALLOW_SEALING", "MFD_ALLOW_SEALING|MFD_EXEC",
		"MFD_NOEXEC_SEAL"))
	g.call("", "ftruncate", "r0", g.pick("8192", "4096", "0"))
	g.files = []string{"r0"}
	if g.oneIn(2) {
		g.call("", "pwrite64", "r0", `"p"`, "1", g.pick("0", "4096"))
	}
	if g.oneIn(3) {
		g.call("m0", "mmap", "NULL", "8192", g.pick("PROT_READ|PROT_WRITE", "PROT_READ", "PROT_NONE"),
			g.pick("MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED|MAP_POPULATE"), "r0", "0")
		g.maps = []mapped{{"m0", 8192}}
	}
	if g.oneIn(5) {
		g.call("", "fcntl", "r0", "F_ADD_SEALS", g.pick("F_SEAL_FUTURE_WRITE", "F_SEAL_GROW", "F_SEAL_SHRINK"))
	}
	if g.oneIn(12) {
		g.call("", "pipe2", "[p0, p1]", "O_NONBLOCK")
		g.in, g.out = []string{"p0"}, []string{"p1"}
		if g.oneIn(2) {
			g.call("", "splice", "r0", "[0]", "p1", "NULL", "4096", "SPLICE_F_NONBLOCK")
		}
	}
	results := "xyz"
	for i := range tasks {
		for k := range 1 + g.rng.IntN(2) {
			g.together(i == 0 && k == 0)
			last := &g.p[len(g.p)-1]
			last.Task, last.Target = string(rune('a'+i)), results[i:i+1]+string(rune('0'+k))
		}
	}
	g.call("g0", "fcntl", "r0", "F_GET_SEALS")
	return g.p
}

// together adds a call that is made at the same time as others.
func (g *drawing) together(seal bool) {
	if seal || g.oneIn(4) {
		seals := g.pick("F_SEAL_WRITE", "F_SEAL_WRITE", "F_SEAL_GROW|F_SEAL_WRITE", "F_SEAL_FUTURE_WRITE",
			"F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_SEAL", "F_SEAL_WRITE|F_SEAL_SEAL", "F_SEAL_EXEC")
		g.call("", "fcntl", "r0", "F_ADD_SEALS", seals)
		return
	}
	size := func() string { return g.pick("4096", "0", "8192", "12288") }
	g.draw([]action{
		{6, func(g *drawing) {
			g.call("", "mmap", "NULL", "4096", g.pick("PROT_READ|PROT_WRITE", "PROT_READ", "PROT_NONE"),
				g.pick("MAP_SHARED", "MAP_SHARED", "MAP_PRIVATE|MAP_POPULATE"), "r0", "0")
		}},
		{2, func(g *drawing) { g.call("", "fcntl", "r0", "F_GET_SEALS") }},
		{3, func(g *drawing) { g.call("", "ftruncate", "r0", size()) }},
		{3, func(g *drawing) {
			mode := g.pick("0", "FALLOC_FL_KEEP_SIZE", "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE")
			g.call("", "fallocate", "r0", mode, g.pick("0", "4096"), g.pick("4096", "8192"))
		}},
		{4, func(g *drawing) {
			g.call("", "pwrite64", "r0", `"w"`, g.pick("1", "4096"), g.pick("0", "4096", "8192"))
		}},
		{2, func(g *drawing) { g.call("", "pread64", "r0", `""`, g.pick("1", "8192"), "0") }},
		{1, func(g *drawing) { g.call("", "fchmod", "r0", g.pick("0600", "0755")) }},
		{4, (*drawing).togetherMapped},
		{2, (*drawing).togetherPipe},
	})
}

// togetherMapped adds a call on the mapping that was made before, if there is one.
func (g *drawing) togetherMapped() {
	if len(g.maps) == 0 {
		g.call("", "fcntl", "r0", "F_GET_SEALS")
		return
	}
	switch g.rng.IntN(5) {
	case 0:
		g.call("", "load", g.pick("m0", "m0+4096"))
	case 1:
		g.call("", "store", g.pick("m0", "m0+4096"), "7")
	case 2:
		g.call("", "munmap", "m0", g.pick("8192", "4096"))
	case 3:
		g.call("", "mprotect", "m0", "4096", g.pick("PROT_READ|PROT_WRITE", "PROT_READ", "PROT_NONE"))
	default:
		g.call("", "madvise", "m0", "4096",
			g.pick("MADV_POPULATE_READ", "MADV_POPULATE_WRITE", "MADV_DONTNEED", "MADV_REMOVE"))
	}
}

// togetherPipe adds a call on the pipe.
func (g *drawing) togetherPipe() {
	switch {
	case len(g.in) == 0:
		g.call("", "fsync", "r0")
	case g.oneIn(2):
		g.drain()
	default:
		g.call("", "splice", "r0", "[0]", "p1", "NULL", "4096", "SPLICE_F_NONBLOCK")
	}
}
