package abi

import (
	"cmp"
	"slices"
)

// constants holds every C name once, sorted by name; values finds one by its
// name. Neither changes after the program has started.
var (
	constants = collect()
	values    = index(constants)
)

// Const returns the value of a C name: "MAP_SHARED", "SIGKILL", "EBUSY". It
// allocates nothing.
func Const(name string) (int64, bool) {
	v, ok := values[name]
	return v, ok
}

// ConstBytes is Const for a piece of a log.
func ConstBytes(name []byte) (int64, bool) {
	v, ok := values[string(name)]
	return v, ok
}

// Consts returns every C name that Const knows, sorted.
func Consts() []string {
	names := make([]string, len(constants))
	for i, w := range constants {
		names[i] = w.name
	}
	return names
}

func index(words []word) map[string]int64 {
	m := make(map[string]int64, len(words))
	for _, w := range words {
		m[w.name] = int64(w.value)
	}
	return m
}

// collect gathers the words of all tables.
func collect() []word {
	var all []word
	for i := range families {
		all = append(append(all, families[i].words...), families[i].heads...)
	}
	all = append(all, otherWords...)
	for e, row := range errnoTable {
		if e > lastErrno {
			e += int(ERESTARTSYS) - lastErrno - 1
		}
		if row.name != "" {
			all = append(all, word{row.name, uint64(e)})
		}
	}
	for s := SIGHUP; s <= SIGRTMAX; s++ {
		all = append(all, word{s.Name(), uint64(s)})
	}
	all = append(all,
		word{"EWOULDBLOCK", uint64(EWOULDBLOCK)}, word{"EDEADLOCK", uint64(EDEADLOCK)},
		word{"ENOTSUP", uint64(ENOTSUP)},
		word{"SIGIOT", uint64(SIGABRT)}, word{"SIGPOLL", uint64(SIGIO)}, word{"SIGCLD", uint64(SIGCHLD)},
		word{"SIGRTMAX", uint64(SIGRTMAX)})
	slices.SortFunc(all, func(a, b word) int { return cmp.Compare(a.name, b.name) })
	return slices.Compact(all) // the words of open belong to two families
}
