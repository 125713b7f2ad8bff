package profile

import (
	"fmt"
	"strings"

	"sealab/sim/mutant"
)

// everywhere is what of Mutants every profile has when it is made: none.
var everywhere mutant.Set

// MutateAll makes every kernel wrong that a profile is made for from now on. It is for
// measuring tests (package mutated calls it, before the first test runs), and for
// nothing else: whoever wants one wrong kernel sets Profile.Mutants.
func MutateAll(s mutant.Set) { everywhere = s }

var wrongFeatures = []Feature{{
	Name: "mutants", Kernel: "no kernel", About: "in which places the kernel is wrong",
	value: value{
		get: func(p *Profile) string { return p.Mutants.String() },
		set: func(p *Profile, text string) bool {
			s, err := mutant.Parse(text)
			if err == nil {
				p.Mutants = s
			}
			return err == nil
		},
		means:  func(p *Profile) string { return wrongMeans(p.Mutants) },
		values: "none, or names of mutants with commas between them",
	},
}}

func wrongMeans(s mutant.Set) string {
	var all []string
	for _, a := range mutant.All() {
		if s.Has(a.Mutant) {
			all = append(all, a.Sentence)
		}
	}
	if all == nil {
		return "It is Linux, as far as sealab is right."
	}
	return strings.Join(all, "; ") + "."
}

// Deviation is one thing in which a peer differs from the Linux that it is nearest to.
type Deviation struct {
	Set       string // as Profile.Set takes it: a feature, or one mutant
	Behaviour int    // its number in docs/behaviours.md, 0 if it has none
	About     string
}

// Peer is another system that has file seals: a Linux release, and in what it differs.
// It is what was read of one copy of its source, which may be older than its newest.
type Peer struct {
	ID         string
	Name       string
	Base       string // the Linux release that it is nearest to
	Deviations []Deviation
	Missing    string // known deviations that are not modelled
}

// Peers returns the other systems that are known.
func Peers() []Peer { return append([]Peer(nil), peers...) }

// Profile returns the behaviour of a peer.
func (p Peer) Profile() Profile {
	r, _, err := ForRelease(p.Base)
	if err != nil {
		panic("profile: " + p.ID + ": " + err.Error()) // a test asks for each
	}
	for _, d := range p.Deviations {
		name, ok := strings.CutPrefix(d.Set, "mutants=")
		if ok {
			var s mutant.Set
			if s, err = mutant.Parse(name); err == nil {
				r.Mutants = r.Mutants.Or(s)
			}
		} else {
			err = r.Set(d.Set)
		}
		if err != nil {
			panic("profile: " + p.ID + ": " + err.Error())
		}
	}
	r.Release = p.ID
	return r
}

func (p Peer) note() string {
	return fmt.Sprintf("%s is not Linux: sealab takes it for Linux %s with %d deviations, which were read in one "+
		"copy of its source. Not modelled: %s.", p.Name, p.Base, len(p.Deviations), p.Missing)
}

// What nearly all of them have in common.
var noWait = Deviation{"mutants=no-wait", 85, "nobody looks for pages that are held"}

func deviates(m mutant.Mutant) Deviation {
	a := m.About()
	return Deviation{"mutants=" + a.Name, a.Behaviour, a.Sentence}
}

const fourSeals = "seals=F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE"

//tidy:table a peer after the other
var peers = []Peer{
	{ID: "gvisor", Name: "gVisor", Base: "6.6.0", Missing: "its order of pages and seals in fallocate",
		Deviations: []Deviation{
			noWait, deviates(mutant.BitsUnchecked), deviates(mutant.WriteIgnoresFutureWrite),
			deviates(mutant.PunchIgnoresFutureWrite), deviates(mutant.MmapIgnoresFutureWrite),
			deviates(mutant.ChmodIgnoresExec),
			{"exec-implies=none", 98, "F_SEAL_EXEC is kept and means nothing"},
		}},
	{ID: "starnix", Name: "Fuchsia Starnix", Base: "7.2.13",
		Missing: "that files of MFD_NOEXEC_SEAL cannot be mapped with PROT_EXEC (103)",
		Deviations: []Deviation{
			noWait, {"seals=F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE|F_SEAL_FUTURE_WRITE", 96,
				"F_SEAL_EXEC cannot be added"},
			{"grow-write=short", 59, "a write across the end goes on to the page that the end is in"},
		}},
	{ID: "asterinas", Name: "asterinas", Base: "7.2.13", Missing: "how it treats huge pages",
		Deviations: []Deviation{
			noWait, deviates(mutant.BitsBeforeMode),
			{"grow-write=short", 59, "a write across the end goes on to the page that the end is in"},
		}},
	{ID: "starryos", Name: "StarryOS", Base: "7.2.13",
		Missing: "that after mprotect it counts the mappings of one process only",
		Deviations: []Deviation{
			noWait, {fourSeals, 31, "F_SEAL_FUTURE_WRITE and F_SEAL_EXEC are unknown"},
			deviates(mutant.BitsBeforeMode), deviates(mutant.GrowByBytes), deviates(mutant.ReadOnlyNotCounted),
			deviates(mutant.SlashInName),
		}},
	{ID: "freebsd", Name: "FreeBSD", Base: "7.2.13",
		Missing: "EBUSY for files that the kernel maps, ENOTSUP for those of large pages",
		Deviations: []Deviation{
			noWait, {fourSeals, 31, "F_SEAL_FUTURE_WRITE and F_SEAL_EXEC are unknown"},
			deviates(mutant.SealedMmapEACCES), deviates(mutant.GrowNeverShort),
		}},
	{ID: "netbsd", Name: "NetBSD 11", Base: "7.2.13",
		Missing: "the mode that fstat shows, and that seals are read without a lock",
		Deviations: []Deviation{
			noWait, {"seals=F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE|F_SEAL_FUTURE_WRITE", 96,
				"F_SEAL_EXEC is unknown"},
			deviates(mutant.PrivateCounted), deviates(mutant.AllSharedCounted), deviates(mutant.GrowByBytes),
			deviates(mutant.SealSealBeforeBits), deviates(mutant.ModeUnchecked), deviates(mutant.EmptyWriteRefused),
			deviates(mutant.MmapPastEnd), deviates(mutant.NoUpgrade), deviates(mutant.LongName),
		}},
	{ID: "managarm", Name: "Managarm", Base: "7.2.13",
		Missing: "that mapping a file of no pages ends its server",
		Deviations: []Deviation{
			noWait, deviates(mutant.NeverBusy), deviates(mutant.BitsUnchecked), deviates(mutant.ModeUnchecked),
			deviates(mutant.AddReturnsMask), deviates(mutant.MmapIgnoresWrite),
			deviates(mutant.MmapIgnoresFutureWrite), deviates(mutant.DeniedIgnored),
			deviates(mutant.FallocateRefusedByWrite),
		}},
}
