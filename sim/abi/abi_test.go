package abi_test

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
)

var families = map[string]abi.Family{
	"prot": abi.FamilyProt, "map": abi.FamilyMap, "open": abi.FamilyOpen, "pipe": abi.FamilyPipe, "fd": abi.FamilyFD,
	"memfd": abi.FamilyMemfd, "seals": abi.FamilySeals, "falloc": abi.FamilyFalloc, "mremap": abi.FamilyMremap,
	"splice": abi.FamilySplice, "clone": abi.FamilyClone, "rw": abi.FamilyRW, "msg": abi.FamilyMsg,
	"wait": abi.FamilyWait, "msync": abi.FamilyMsync, "seek": abi.FamilySeek, "madvise": abi.FamilyMadvise,
	"fcntl": abi.FamilyFcntl, "ioring": abi.FamilyIORing,
}

// TestAsStracePrints compares with what strace 6.1 printed for single bits, no
// bits and all bits of each argument.
func TestAsStracePrints(t *testing.T) {
	file, err := os.Open("testdata/strace-6.1.txt")
	require.NoError(t, err)
	defer file.Close()
	compared := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		name, rest, _ := strings.Cut(lines.Text(), " ")
		number, want, _ := strings.Cut(rest, " ")
		v, err := strconv.ParseUint(number, 0, 64)
		require.NoError(t, err)
		got := abi.Signal(v).Name()
		if name != "signal" {
			got = abi.FormatFlags(families[name], v)
			back, err := abi.ParseFlags(want)
			require.NoError(t, err, lines.Text())
			require.Equal(t, v, back, lines.Text())
		}
		if newer := newerThan61(got, want); newer {
			continue
		}
		require.Equal(t, want, got, lines.Text())
		compared++
	}
	require.Greater(t, compared, 500)
}

// newerThan61 says whether got has a word that strace 6.1 did not know yet.
func newerThan61(got, want string) bool {
	for _, w := range []string{
		"F_SEAL_EXEC", "MFD_NOEXEC_SEAL", "MFD_EXEC", "FALLOC_FL_WRITE_ZEROES", "MAP_DROPPABLE", "F_DUPFD_QUERY",
		"RWF_NOAPPEND", "RWF_ATOMIC", "RWF_DONTCACHE", "F_CREATED_QUERY", "RW_HINT", "IORING_REGISTER_SYNC_CANCEL",
		"IORING_REGISTER_FILE_ALLOC_RANGE",
	} {
		if strings.Contains(got, w) && !strings.Contains(want, w) {
			return true
		}
	}
	return false
}

func TestFormatParseRoundTrip(t *testing.T) {
	all := []abi.Family{}
	for _, f := range families {
		all = append(all, f)
	}
	slices.Sort(all)
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(all).Draw(t, "family")
		v := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 1<<32), rapid.Uint64Range(0, 64)).Draw(t, "value")
		if f == abi.FamilyClone {
			v &^= 0x7f // the low byte is a signal there, ORed of names
		}
		text := abi.FormatFlags(f, v)
		back, err := abi.ParseFlags(text)
		require.NoError(t, err, text)
		require.Equal(t, v, back, text)
		require.Equal(t, text, abi.FormatFlags(f, back))
	})
}

func TestParseFlagsNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.SampledFrom([]string{"|", "<<", "/*", "*/", " ", "-1", "0x", "F_SEAL_WRITE", "26"}),
			rapid.SampledFrom(abi.Consts()), rapid.String())
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		if _, err := abi.ParseFlags(text); err != nil {
			require.ErrorAs(t, err, new(*abi.ParseError))
		}
	})
}

func TestParseFlagsErrors(t *testing.T) {
	for text, message := range map[string]string{
		"":                      `"": a name or a number is missing`,
		"F_SEAL_WRITE|":         `"": a name or a number is missing`,
		"F_SEAL_WRTE":           `"F_SEAL_WRTE": unknown name`,
		"0xzz":                  `"0xzz": not a number of 64 bits`,
		"-x":                    `"-x": not a number`,
		"1<<64":                 `"1<<64": shift by more than 63`,
		"PROT_READ|BANANA<<2":   `"BANANA": unknown name`,
		"0x10000000000000000":   `"0x10000000000000000": not a number of 64 bits`,
		"21<<MFD_HUGE_SHIFTING": `"MFD_HUGE_SHIFTING": unknown name`,
	} {
		_, err := abi.ParseFlags(text)
		require.EqualError(t, err, message)
	}
}

func TestConst(t *testing.T) {
	for name, want := range map[string]int64{
		"MAP_SHARED": 1, "F_SEAL_WRITE": 8, "SIGKILL": 9, "O_CLOEXEC": 0x80000, "EBUSY": 16, "AT_FDCWD": -100,
		"EWOULDBLOCK": 11, "ERESTARTSYS": 512, "MFD_HUGE_2MB": 21 << 26, "O_TMPFILE": 0o20200000, "SIGRT_1": 33,
	} {
		v, ok := abi.Const(name)
		require.True(t, ok, name)
		require.Equal(t, want, v, name)
		v, ok = abi.ConstBytes([]byte(name))
		require.True(t, ok)
		require.Equal(t, want, v)
	}
	for _, name := range []string{"", "MAP_SHARE", "MAP_SHAREDX", "A", "ZZZ", "map_shared"} {
		_, ok := abi.Const(name)
		require.False(t, ok, name)
	}
	names := abi.Consts()
	require.True(t, slices.IsSorted(names))
	require.Len(t, slices.Compact(slices.Clone(names)), len(names), "a name has two values")
}

func TestConstAllocatesNothing(t *testing.T) {
	text := []byte("F_SEAL_FUTURE_WRITE")
	require.Zero(t, testing.AllocsPerRun(100, func() { abi.ConstBytes(text) }))
	buf := make([]byte, 0, 128)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		buf = abi.AppendFlags(buf[:0], abi.FamilyMap, abi.MapShared|abi.MapPopulate)
	}))
}

func TestErrno(t *testing.T) {
	require.Equal(t, "EBUSY (Device or resource busy)", abi.EBUSY.Error())
	require.Equal(t, "777 (Unknown error 777)", abi.Errno(777).Error())
	require.Equal(t, "ERESTARTSYS (To be restarted if SA_RESTART is set)", abi.ERESTARTSYS.Error())
	named := 0
	for e := abi.Errno(1); e < 600; e++ {
		if back, ok := abi.ErrnoByName(e.Name()); ok {
			require.Equal(t, e, back)
			require.NotContains(t, e.Text(), "Unknown")
			named++
		}
	}
	require.Equal(t, 131+4, named, "1 to 133 but for 41 and 58, and the restart codes")
	_, ok := abi.ErrnoByName("SIGKILL")
	require.False(t, ok)
}

func TestSeals(t *testing.T) {
	require.Equal(t, "F_SEAL_SHRINK|F_SEAL_GROW", (abi.SealShrink | abi.SealGrow).String())
	require.Equal(t, "0x8 (seals F_SEAL_WRITE)", abi.SealWrite.Result())
	require.Equal(t, "0x48 (seals F_SEAL_WRITE|0x40)", abi.Seals(0x48).Result())
	require.Equal(t, "0", abi.Seals(0).Result())
	s, err := abi.ParseSeals("F_SEAL_SEAL|0x20")
	require.NoError(t, err)
	require.Equal(t, abi.SealSeal|abi.SealExec, s)
	_, err = abi.ParseSeals("0x100000000")
	require.EqualError(t, err, `"0x100000000": more than 32 bits`)
	require.True(t, abi.SealsAll.Has(abi.SealsExecImplied) && abi.SealFutureWrite.Any(abi.SealsAnyWrite))
}

func TestSignals(t *testing.T) {
	for s := abi.SIGHUP; s <= abi.SIGRTMAX; s++ {
		back, ok := abi.SignalByName(s.Name())
		require.True(t, ok, s.Name())
		require.Equal(t, s, back)
	}
	harmless := []abi.Signal{}
	for s := abi.SIGHUP; s <= abi.SIGRTMAX; s++ {
		if !s.FatalByDefault() {
			harmless = append(harmless, s)
		}
	}
	require.Equal(t, []abi.Signal{abi.SIGCHLD, abi.SIGCONT, abi.SIGSTOP, abi.SIGTSTP, abi.SIGTTIN, abi.SIGTTOU,
		abi.SIGURG, abi.SIGWINCH}, harmless)
	require.False(t, abi.Signal(0).FatalByDefault())
	require.False(t, abi.SIGKILL.Catchable() || abi.SIGSTOP.Catchable())
	_, ok := abi.SignalByName("SIG_IGN")
	require.False(t, ok)
}

func TestSizes(t *testing.T) {
	require.EqualValues(t, 0x7ffff000, abi.MaxRWCount)
	require.Equal(t, uint64(0x7ffffffff000), uint64(abi.TaskSize))
	require.Equal(t, 9, abi.PMDOrder)
}

func BenchmarkConstBytes(b *testing.B) {
	text := []byte("F_SEAL_FUTURE_WRITE")
	for b.Loop() {
		abi.ConstBytes(text)
	}
}
