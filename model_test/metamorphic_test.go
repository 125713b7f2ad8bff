package model_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/gen"
	"sealab/run"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Metamorphic laws: nobody says what a program must answer, only that another
// program, or another machine, must answer the same.

// morph is a law: what is done to a program, or to the machine that it runs on, that
// no answer may tell.
type morph struct {
	name string
	// change returns the changed program, in which each line knows which line of the
	// old one it stands for, and what it runs on. answers are those of the old one.
	change func(rng *rand.Rand, p gen.Program, answers []string, o *run.Options) []morphed
}

// morphed is a line of a changed program: a call, and which line of the old program it
// is; -1 for one that was added.
type morphed struct {
	text string
	from int
}

// unchanged are the lines of a program as they are.
func unchanged(p gen.Program) (lines []morphed) {
	for i, c := range p {
		lines = append(lines, morphed{c.String(), i})
	}
	return lines
}

var morphs = []morph{
	{"another HZ", func(rng *rand.Rand, p gen.Program, _ []string, o *run.Options) []morphed {
		o.HZ = []int{100, 300, 1000}[rng.IntN(3)]
		return unchanged(p)
	}},
	{"other CPUs", func(rng *rand.Rand, p gen.Program, _ []string, o *run.Options) []morphed {
		o.CPUs = []int{1, 3, 64}[rng.IntN(3)]
		return unchanged(p)
	}},
	{"another tree width", func(rng *rand.Rand, p gen.Program, _ []string, o *run.Options) []morphed {
		o.Set = []string{fmt.Sprint("tree-nodes=", 1+rng.IntN(5))}
		return unchanged(p)
	}},
	{"what only calls that are not there could notice", unused},
	{"other names", renamed},
	{"what changes nothing, in between", padded},
	{"mapped in two parts", mappedTwice},
	{"neighbours that know nothing of each other, exchanged", exchanged},
	{"a child that does it", func(_ *rand.Rand, p gen.Program, _ []string, _ *run.Options) []morphed {
		lines := []morphed{{"c = fork()", -1}}
		for i, c := range p {
			lines = append(lines, morphed{"c: " + c.String(), i})
		}
		return lines
	}},
	{"beside a child that does something else", besideAnother},
}

var symbolName = regexp.MustCompile(`\b[rmpg][0-9]+\b`)

// renamed gives everything another name.
func renamed(_ *rand.Rand, p gen.Program, _ []string, _ *run.Options) (lines []morphed) {
	for i, c := range p {
		text := symbolName.ReplaceAllString(c.String(), "other_$0")
		if c.Name == "memfd_create" {
			text = strings.NewReplacer(`"a"`, `"x"`, `"b"`, `"a"`, `""`, `"y"`).Replace(text)
		}
		lines = append(lines, morphed{text, i})
	}
	return lines
}

// padded puts calls in between that leave everything as it was.
func padded(rng *rand.Rand, p gen.Program, answers []string, _ *run.Options) (lines []morphed) {
	const (
		far   = "0x500000000000"
		unmap = "munmap(" + far + ", 0x200000)" // a whole huge page, or what there is of it
	)
	var files []string
	for i, c := range p {
		lines = append(lines, morphed{c.String(), i})
		if c.Target != "" && strings.HasPrefix(c.Target, "r") && answers[i] == "done" {
			files = append(files, c.Target)
		}
		if len(files) == 0 || rng.IntN(3) > 0 {
			continue
		}
		f := files[rng.IntN(len(files))]
		added := [][]string{
			{"fcntl(%s, F_GET_SEALS)"},
			{"lseek(%s, 0, SEEK_CUR)"},
			{"extra = dup(%s)", "close(extra)"},
			{"mmap(" + far + ", 4096, PROT_READ, MAP_SHARED|MAP_FIXED, %s, 0)", unmap},
			{"mmap(" + far + ", 8192, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, %s, 0)", unmap},
			{"fcntl(%s, F_ADD_SEALS, 0x40000000)"},
			{"pwrite64(%s, \"\", 0, 4096)"},
			{"pread64(%s, \"\", 0, 0)"},
		}
		for _, text := range added[rng.IntN(len(added))] {
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, f)
			}
			lines = append(lines, morphed{text, -1})
		}
	}
	return lines
}

// mappedTwice maps the second half of a mapping once more over itself.
func mappedTwice(_ *rand.Rand, p gen.Program, answers []string, _ *run.Options) (lines []morphed) {
	for i, c := range p {
		lines = append(lines, morphed{c.String(), i})
		if c.Name != "mmap" || c.Target == "" || answers[i] != "done" || c.Args[4] == "-1" {
			continue
		}
		var size, off int
		if n, _ := fmt.Sscan(c.Args[1]+" "+c.Args[5], &size, &off); n != 2 || size <= 4096 {
			continue
		}
		lines = append(lines, morphed{fmt.Sprintf("mmap(%s+4096, %d, %s, %s|MAP_FIXED, %s, %d)", c.Target, size-4096,
			c.Args[2], strings.ReplaceAll(c.Args[3], "|MAP_FIXED_NOREPLACE", ""), c.Args[4], off+4096), -1})
	}
	return lines
}

// exchanged lets two calls change places that are about different files, of which no
// call of the program is about both.
func exchanged(rng *rand.Rand, p gen.Program, _ []string, _ *run.Options) []morphed {
	together := map[string]string{} // a union-find of names
	root := func(s string) string {
		for together[s] != "" {
			s = together[s]
		}
		return s
	}
	for _, c := range p {
		names := symbolName.FindAllString(c.String(), -1)
		if c.Name == "openat" || strings.HasPrefix(c.Name, "close") { // whichever file has that number, then or later
			names = symbolName.FindAllString(p.String(), -1)
		}
		if c.Name == "pipe2" || len(names) < 2 {
			continue
		}
		for _, n := range names[1:] {
			if a, b := root(names[0]), root(n); a != b {
				together[b] = a
			}
		}
	}
	lines := unchanged(p)
	simple := []string{"fcntl", "ftruncate", "fallocate", "lseek", "fchmod", "read", "write", "pwrite64", "pread64"}
	about := func(i int) string {
		c := p[lines[i].from]
		if c.Target == "" && slices.Contains(simple, c.Name) && symbolName.MatchString(c.Args[0]) {
			return root(c.Args[0])
		}
		return ""
	}
	for range 2 * len(lines) {
		i := rng.IntN(max(1, len(lines)-1))
		if i+1 >= len(lines) {
			break
		}
		if a, b := about(i), about(i+1); a != "" && b != "" && a != b {
			lines[i], lines[i+1] = lines[i+1], lines[i]
		}
	}
	return lines
}

// besideAnother runs a program in a child while another child runs another, in an order
// that is drawn: they share nothing but the machine.
func besideAnother(rng *rand.Rand, p gen.Program, _ []string, o *run.Options) []morphed {
	lines := []morphed{{"c = fork()", -1}, {"d = fork()", -1}}
	other := gen.New(rng.Uint64(), 0, gen.Options{Calls: 12})
	for _, c := range other {
		lines = append(lines, morphed{"d: " + symbolName.ReplaceAllString(c.String(), "other_$0"), -1})
	}
	for i, c := range p {
		lines = append(lines, morphed{"c: " + c.String(), i})
	}
	o.Chooser = sched.NewRandom(rng.Uint64())
	return lines
}

// unasked are features of a kernel that matter to nobody who makes no call with that name in it.
var unasked = []struct{ call, feature string }{
	{"MFD_HUGETLB", "hugetlb-refs"}, {"MFD_HUGETLB", "hugetlb-future-write"}, {"MFD_HUGETLB", "hugetlb-sealing"},
	{"udmabuf", "udmabuf-future-write"}, {"udmabuf", "udmabuf-lock"}, {"udmabuf", "udmabuf-pins"},
	{"io_uring", "io-uring-exit-wakes"}, {"memory errors", "hwpoison-keeps"}, {"sendfile", "sendfile-pins"},
	{"copy_file_range", "copy-file-range"}, {"F_SEAL_EXEC", "exec-implies"}, {"pwritev2", "rwf-append"}, {"mremap", "mremap-dontunmap"},
	{"MADV_REMOVE", "madv-remove"}, {"MADV_POPULATE", "populate-gap"}, {"F_SEAL_FUTURE_WRITE", "future-write-cow-bug"},
}

// unused gives the kernel features of other kernels that the program cannot ask for.
func unused(rng *rand.Rand, p gen.Program, _ []string, o *run.Options) []morphed {
	all := profile.NamedAll()
	for _, u := range unasked {
		if f, ok := profile.Lookup(u.feature); ok && !strings.Contains(p.String(), u.call) {
			other := all[rng.IntN(len(all))].Profile()
			o.Set = append(o.Set, u.feature+"="+f.Value(&other))
		}
	}
	return unchanged(p)
}

// play returns what a program answers, line by line: what a call that makes something
// returned is its place, which another program may give to something else, and what a load read
// stands for the lines that wrote it.
func play(lines []morphed, o run.Options, n int) (answers []string, err error) {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text + "\n")
	}
	scripts, err := run.Read(strings.NewReader(b.String()), "program")
	if err != nil {
		return nil, err
	}
	res, err := run.Play(scripts[0], o)
	if err != nil {
		return nil, err
	}
	answers = make([]string, n)
	for _, c := range res.Calls {
		l := lines[c.Line-1]
		if l.from < 0 {
			continue
		}
		answers[l.from] = c.AnswerText()
		made := strings.Contains(l.text, " = ") && !strings.Contains(l.text, "[{")
		if c.Errno == "" && (made || strings.Contains(l.text, "load(")) {
			answers[l.from] = "done"
		}
	}
	return answers, nil
}

// broken says how a law is broken for a program, "" if it is not.
func (m *morph) broken(p gen.Program, kernel string, seed uint64) (how string, other []morphed) {
	plain, err := play(unchanged(p), run.Options{Kernel: kernel}, len(p))
	if err != nil {
		return "", nil // a shrunk program may use a name that nothing makes
	}
	o := run.Options{Kernel: kernel}
	lines := m.change(rand.New(rand.NewPCG(seed, 0)), p, plain, &o)
	answers, err := play(lines, o, len(p))
	if err != nil {
		return err.Error(), lines
	}
	for i, a := range answers {
		if a != plain[i] {
			return fmt.Sprintf("%s: %s, and with %s: %s", p[i], plain[i], m.name, a), lines
		}
	}
	return "", lines
}

func textOf(lines []morphed) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text + "\n")
	}
	return b.String()
}

func TestMetamorphic(t *testing.T) {
	var kernels []string
	for _, k := range profile.NamedAll() {
		kernels = append(kernels, k.Release)
	}
	for i := range morphs {
		m := &morphs[i]
		t.Run(m.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				seed, n := rapid.Uint64().Draw(t, "seed"), rapid.Uint64Range(0, 1<<20).Draw(t, "number")
				kernel := rapid.SampledFrom(kernels).Draw(t, "kernel")
				p := gen.New(seed, n, gen.Options{})
				_, err := play(unchanged(p), run.Options{Kernel: kernel}, len(p))
				require.NoError(t, err, "%s", p)
				how, _ := m.broken(p, kernel, seed)
				if how == "" {
					return
				}
				p = gen.Shrink(p, 1000, func(q gen.Program) bool { how, _ := m.broken(q, kernel, seed); return how != "" })
				how, lines := m.broken(p, kernel, seed)
				t.Fatalf("%s, on %s\n%s", how, kernel, playable{text: textOf(lines)}.keep(t))
			})
		})
	}
}
