package abi

// Seals is a set of file seals, as F_ADD_SEALS takes and F_GET_SEALS returns it.
type Seals uint32

// The seals, each with the kernel that had it first.
const (
	SealSeal        Seals = 0x01 // no more seals (v3.17)
	SealShrink      Seals = 0x02 // the file cannot become smaller (v3.17)
	SealGrow        Seals = 0x04 // nor larger (v3.17)
	SealWrite       Seals = 0x08 // nobody can change the content (v3.17)
	SealFutureWrite Seals = 0x10 // only mappings that exist already can (v5.1)
	SealExec        Seals = 0x20 // the executable bits stay as they are (v6.3)
)

const (
	// SealsAnyWrite are the seals that forbid new writers.
	SealsAnyWrite = SealWrite | SealFutureWrite

	// SealsExecImplied are the seals that come with SealExec on a file that can be
	// executed.
	SealsExecImplied = SealShrink | SealGrow | SealWrite | SealFutureWrite

	// SealsAll are all seals that the newest kernel knows.
	SealsAll = SealSeal | SealsExecImplied | SealExec
)

// Has says whether all seals of t are in s.
func (s Seals) Has(t Seals) bool { return s&t == t }

// Any says whether at least one seal of t is in s.
func (s Seals) Any(t Seals) bool { return s&t != 0 }

// String prints the set as strace does: "F_SEAL_SHRINK|F_SEAL_GROW", "0" if
// empty.
func (s Seals) String() string { return FormatFlags(FamilySeals, uint64(s)) }

// Result prints the set as strace prints what F_GET_SEALS returned:
// "0x8 (seals F_SEAL_WRITE)", "0" if empty.
func (s Seals) Result() string {
	if s == 0 {
		return "0"
	}
	dst := appendHex(nil, uint64(s))
	dst = append(dst, " (seals "...)
	dst = appendWords(dst, FamilySeals, uint64(s))
	return string(append(dst, ')'))
}

// ParseSeals reads a set of seals: C names and numbers joined by "|".
func ParseSeals(text string) (Seals, error) {
	v, err := ParseFlags(text)
	if err == nil && v>>32 != 0 {
		err = &ParseError{text, "more than 32 bits"}
	}
	return Seals(v), err
}
