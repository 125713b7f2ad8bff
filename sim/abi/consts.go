package abi

import (
	"cmp"
	"slices"
)

// constants holds every C name once, sorted by name.
var constants = collect()

// Const returns the value of a C name: "MAP_SHARED", "SIGKILL", "EBUSY". It
// allocates nothing.
func Const(name string) (int64, bool) {
	i := search(name)
	if i < 0 {
		return 0, false
	}
	return int64(constants[i].value), true
}

// ConstBytes is Const for a piece of a log.
func ConstBytes(name []byte) (int64, bool) {
	i := search(name)
	if i < 0 {
		return 0, false
	}
	return int64(constants[i].value), true
}

// Consts returns every C name that Const knows, sorted.
func Consts() []string {
	names := make([]string, len(constants))
	for i, w := range constants {
		names[i] = w.name
	}
	return names
}

// search returns the place of a name in constants, or -1. It is written out, not
// slices.BinarySearchFunc, since it is the inner loop of reading a log.
func search[T string | []byte](name T) int {
	lo, hi := 0, len(constants)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if constants[mid].name < string(name) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(constants) && constants[lo].name == string(name) {
		return lo
	}
	return -1
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
		word{"EWOULDBLOCK", uint64(EWOULDBLOCK)}, word{"EDEADLOCK", uint64(EDEADLOCK)}, word{"ENOTSUP", uint64(ENOTSUP)},
		word{"SIGIOT", uint64(SIGABRT)}, word{"SIGPOLL", uint64(SIGIO)}, word{"SIGCLD", uint64(SIGCHLD)},
		word{"SIGRTMAX", uint64(SIGRTMAX)})
	slices.SortFunc(all, func(a, b word) int { return cmp.Compare(a.name, b.name) })
	return slices.Compact(all) // the words of open belong to two families
}
