package sealtest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/run"
	"sealab/sealtest"
	"sealab/sim/mutant"
	"sealab/sim/profile"
)

// TestModelAgainstItself: the model agrees with itself, on every named kernel.
func TestModelAgainstItself(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.SampledFrom(profile.NamedAll()).Draw(r, "kernel")
		p := n.Profile()
		require.Nil(r, sealtest.Program(r, sealtest.Options{}, p, sealtest.NewModel(p)))
	})
}

// differs looks for a program on which a wrong kernel differs from the right one.
func differs(right, wrong profile.Profile) *sealtest.Verdict {
	gen := rapid.Custom(func(r *rapid.T) *sealtest.Verdict {
		return sealtest.Program(r, sealtest.Options{Calls: 60}, right, sealtest.NewModel(wrong))
	})
	for seed := range 4000 {
		if v := gen.Example(seed); v != nil {
			return v
		}
	}
	return nil
}

// hold says that the right kernel answers as a verdict says, when the verdict is played as
// the scenario that it is.
func hold(t *testing.T, v *sealtest.Verdict) {
	t.Helper()
	scripts, err := run.Read(strings.NewReader(v.String()), "verdict")
	require.NoError(t, err, v)
	res, err := run.Play(scripts[0], run.Options{})
	require.NoError(t, err, v)
	for _, c := range res.Calls {
		require.Empty(t, c.Expected, "%s of %s", c.Text, v)
	}
	require.Empty(t, res.Stopped)
}

// unseen are the mutants that one process does not see with these calls: they need time,
// signals, several tasks or CPUs, huge pages, other calls, or another kernel.
const unseen = `no-inode-lock deny-forgotten rollback-twice allowed-afterwards mask-before-wait get-waits
drain-local-only drain-after-tag last-scan-3 last-scan-5 delays-half delays-double last-scan-leaves-tags
first-scan-decides clean-stays-marked one-mark mark-all maps-not-counted pin-counted-as-map kill-ignored
any-signal-ends kill-refuses wait-unlocked cloexec-forgotten fork-not-counted merge-not-counted move-not-counted
failed-mmap-counts denied-ignored read-only-may-write madv-remove-unchecked truncate-keeps-entries write-unlocked
grow-never-short short-moves-whole hugetlb-ignores-shrink hugetlb-ignores-grow read-locks unregister-keeps
split-loses-tag`

// TestMutantsAreFound: the kit tells wrong kernels from right ones.
func TestMutantsAreFound(t *testing.T) {
	skip := strings.Fields(unseen)
	for _, a := range mutant.All() {
		if slices.Contains(skip, a.Name) {
			continue
		}
		right, wrong := profile.Newest(), profile.Newest()
		right.Mutants, wrong.Mutants = mutant.Set{}, mutant.Of(a.Mutant)
		v := differs(right, wrong)
		require.NotNil(t, v, "%s: %s", a.Name, a.Sentence)
		hold(t, v)
	}
}

// TestPeersAreFound: so does it find that other systems are not the Linux that they are
// nearest to.
func TestPeersAreFound(t *testing.T) {
	for _, peer := range profile.Peers() {
		right, _, err := profile.Find(peer.Base)
		require.NoError(t, err)
		v := differs(right, peer.Profile())
		require.NotNil(t, v, peer.Name)
		hold(t, v)
	}
}

// TestMain makes the test binary a command that answers as FreeBSD does, when it is told
// to.
func TestMain(m *testing.M) {
	if kernel := os.Getenv("SEALTEST_ANSWER_AS"); kernel != "" {
		answerAs(kernel)
		return
	}
	os.Exit(m.Run())
}

func answerAs(kernel string) {
	scripts, err := run.Read(os.Stdin, "stdin")
	if err == nil {
		var res *run.Result
		if res, err = run.Play(scripts[0], run.Options{Kernel: kernel}); err == nil {
			for _, c := range res.Calls {
				fmt.Println(c.Text)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestCommand(t *testing.T) {
	defer setRapid("nofailfile", "true")() // it fails on purpose,
	defer setRapid("shrinktime", "0s")()   // and to shrink would take a process for each program
	defer setRapid("checks", "20")()
	for kernel, agrees := range map[string]bool{"6.18.44": true, "freebsd": false} {
		t.Setenv("SEALTEST_ANSWER_AS", kernel)
		s := &silent{}
		sealtest.CheckCommand(s, sealtest.Options{Kernel: "6.18.44"}, os.Args[0])
		require.Equal(t, agrees, !s.failed, "%s: %s", kernel, s.said)
	}
}
