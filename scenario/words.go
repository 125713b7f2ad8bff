package scenario

import (
	"maps"
	"slices"

	"sealab/sim/abi"
)

// words remembers what names mean, so that the usual ones cost a single look.
type words struct {
	consts map[string]word
	errnos map[string]abi.Errno // 0 for unknown ones
	syms   map[string]struct{}  // names bound to results so far
	hints  int                  // suggestions sought so far
}

type word struct {
	num   int64
	known bool
}

func newWords() *words {
	return &words{consts: map[string]word{}, errnos: map[string]abi.Errno{}, syms: map[string]struct{}{}}
}

// constant returns the number of a C constant: F_ADD_SEALS, PROT_READ, SIGKILL.
func (w *words) constant(name []byte) (int64, bool) {
	if c, ok := w.consts[string(name)]; ok {
		return c.num, c.known
	}
	v, ok := abi.ConstBytes(name)
	if len(w.consts) < maxInterned && len(name) <= 64 {
		w.consts[string(name)] = word{v, ok}
	}
	return v, ok
}

// errno returns the error of that name, 0 for an unknown one.
func (w *words) errno(name []byte) abi.Errno {
	if e, ok := w.errnos[string(name)]; ok {
		return e
	}
	e, _ := abi.ErrnoByName(string(name))
	if len(w.errnos) < maxInterned && len(name) <= 64 {
		w.errnos[string(name)] = e
	}
	return e
}

// maxHints is for how many errors a suggestion is sought: it costs thousands of times what reading
// a line does, and a file that is no scenario at all may have a million of them.
const maxHints = 100

// hint asks suggest for what may have been meant by name.
func (w *words) hint(name string, suggest func(string) string) string {
	if w.hints++; w.hints > maxHints {
		return ""
	}
	if s := suggest(name); s != "" {
		return "did you mean " + s + "?"
	}
	return ""
}

// nameHint suggests a bound name or a constant for an unknown one.
func (w *words) nameHint(name string) string {
	h := w.hint(name, func(name string) string {
		if s := Suggest(name, slices.Sorted(maps.Keys(w.syms))); s != "" {
			return s
		}
		return Suggest(name, abi.Consts())
	})
	if h == "" {
		return "write the number of a constant that this program does not know"
	}
	return h
}
