package explore_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

// migrator adds a task that does to the first page of a file what compaction does: it takes it
// off its list and moves it.
func (l *lab) migrator(ino sched.ID) {
	sleep := l.k.S.World().Add(&sched.Sleeper{})
	n := len(l.prog.Tasks)
	l.prog.Tasks = append(l.prog.Tasks, explore.Task{
		Name: "migrator", Num: 20 + n, CPU: n, Sleep: sleep,
		Make: func() (func(*sched.Task), func() string) {
			got := ""
			return func(t *sched.Task) {
				iso, err := pin.Isolate(t, ino, 0)
				if err != nil {
					got = "not isolated: " + name(err)
				} else {
					got = name(pin.Migrate(t, ino, iso))
				}
			}, func() string { return "migrate=" + got }
		},
	})
}

// name is how an answer is told.
func name(err error) string {
	var e abi.Errno
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &e):
		return e.Name()
	}
	return err.Error()
}

// TestSealAgainstMigration is what can come of a seal while a page is being moved, in every
// order, kernel by kernel. No call of the model begins a migration, so this is no scenario.
//
// Directives: `migrate [zero]`: in zero time.
func TestSealAgainstMigration(t *testing.T) {
	datadriven.RunTest(t, "testdata/migrate", func(t *testing.T, d *datadriven.TestData) string {
		var tables []string
		kernels := []string{"5.10.223", "6.1.192", "6.12.107", "7.2.13"}
		for _, release := range kernels {
			l := newLab(t, release)
			fd := l.memfd()
			l.do("pwrite64", fd, 0, 1, 0)
			l.task("seal", call("fcntl", fd, abi.FAddSeals, int64(abi.SealWrite)))
			l.migrator(sched.Peek[inode.File](l.k.S.World(), l.k.FileAt(l.main, fd)).Inode)
			o := explore.Options{NoSchedules: true}
			if d.HasArg("zero") {
				o.Time = explore.ZeroTime
			}
			r := l.run(o)
			require.True(t, r.Complete, r.Why)
			tables = append(tables, show(r))
		}
		if len(slices.Compact(slices.Clone(tables))) == 1 {
			return "every kernel\n" + tables[0]
		}
		out := ""
		for i, table := range tables {
			out += kernels[i] + "\n" + table
		}
		return out
	})
}
