package promise_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/host"
	"sealab/promise"
	"sealab/run"
	"sealab/sim/profile"
)

func TestMain(m *testing.M) {
	host.Child(0)
	os.Exit(m.Run())
}

func card(t *testing.T, name, kernel string) *promise.Card {
	t.Helper()
	m, err := promise.Find(name)
	require.NoError(t, err)
	c, err := promise.NewCard(m, kernel)
	require.NoError(t, err)
	return c
}

// TestNothingPromisesNothing: without any means every threat comes true, so each of them is
// one; and each is prevented by some means.
func TestNothingPromisesNothing(t *testing.T) {
	prevented := map[string]bool{}
	for _, m := range promise.All() {
		for _, v := range card(t, m.Name, "").Verdicts {
			if m.Name == "nothing" {
				require.Equal(t, promise.Happens, v.Outcome, "%s %s", v.Who, v.Does)
			}
			what := v.Who + " " + v.Does
			prevented[what] = prevented[what] || v.Outcome != promise.Happens
		}
	}
	for _, th := range promise.Threats() {
		require.True(t, prevented[th.Who+" "+th.Does], "nothing prevents that %s %s", th.Who, th.Does)
	}
}

// TestSealsOnlyAdd: what a seal keeps away, it keeps away together with others too.
func TestSealsOnlyAdd(t *testing.T) {
	const all = "F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE"
	for _, n := range profile.Ages() {
		together := card(t, all, n.Release).Verdicts
		for _, one := range strings.Split(all, "|") {
			for i, v := range card(t, one, n.Release).Verdicts {
				if v.Outcome != promise.Happens {
					require.NotEqual(t, promise.Happens, together[i].Outcome, "%s: %s alone prevents that %s %s",
						n.Release, one, v.Who, v.Does)
				}
			}
		}
	}
}

// TestKernelUnderneath: what the model says of the kernel of this machine, that kernel does.
func TestKernelUnderneath(t *testing.T) {
	machine, err := host.Look()
	if err != nil {
		t.Skip(err)
	}
	runner := host.NewRunner(host.Options{Runs: 1})
	defer runner.Close()
	for _, m := range promise.All() {
		for _, v := range card(t, m.Name, machine.Release).Verdicts {
			programs, err := host.Read(strings.NewReader(v.Scenario), "promise")
			require.NoError(t, err)
			res, err := runner.Run(context.Background(), programs[0])
			require.NoError(t, err)
			require.Empty(t, append(append(res.Skipped, res.Missing...), res.Stuck...), v.Scenario)
			require.Len(t, res.Outcomes, 1)
			scripts, err := run.Read(bytes.NewReader(res.Outcomes[0].Log), "log")
			require.NoError(t, err)
			played, err := run.Play(scripts[0], run.Options{Kernel: machine.Release, HZ: machine.HZ})
			require.NoError(t, err)
			for i := range played.Calls {
				c := &played.Calls[i]
				require.False(t, c.Differs(), "%s\nthe kernel answers %s to line %d, the model %s", res.Outcomes[0].Log,
					c.Expected, c.Line, c.AnswerText())
			}
		}
	}
}

func TestFind(t *testing.T) {
	_, err := promise.Find("hope")
	require.ErrorContains(t, err, `there is no means "hope": there are nothing, read-only,`)
	m, err := promise.Find("F_SEAL_WRITE")
	require.NoError(t, err)
	_, err = promise.NewCard(m, "2.4")
	require.Error(t, err)
	old := card(t, "F_SEAL_FUTURE_WRITE", "4.14")
	for _, v := range old.Verdicts {
		require.Equal(t, promise.NoMeans, v.Outcome, "4.14 has no such seal")
		require.Equal(t, "EINVAL", v.Errno)
	}
}

func ExampleTry() {
	m, _ := promise.Find("F_SEAL_FUTURE_WRITE")
	for _, t := range promise.Threats()[:3] {
		v, release, err := promise.Try(m, t, "")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("Linux %s: %s %s: %s by %q\n", release, t.Who, t.Does, v.Outcome, v.Errno)
	}
	// Output:
	// Linux 7.2.13: the sender writes with write(2): prevented by "EPERM"
	// Linux 7.2.13: the sender writes through a mapping made before: happens by ""
	// Linux 7.2.13: the sender maps the file to write: prevented by "EPERM"
}
