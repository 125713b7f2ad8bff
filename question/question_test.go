package question_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/question"
)

const pinned = `kernel 7.2.13
r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "x", 1) = 1
pipe2([p0, p1], 0) = 0
splice(r0, [0], p1, NULL, 1, 0) = 1
r1 = dup(r0)
fcntl(r1, F_ADD_SEALS, F_SEAL_WRITE)
fcntl(r0, F_GET_SEALS)
pread64(r0, "x", 1, 0)
read(p0, "x", 1)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
fcntl(r0, F_GET_SEALS)
read(p0, "x", 1)
fcntl(r0, F_GET_SEALS)
`

// TestFacts reads every fact of a run that is known from elsewhere.
func TestFacts(t *testing.T) {
	res, err := question.Play(pinned, "")
	require.NoError(t, err)
	for _, c := range []struct {
		line int64
		of   question.Fact
		want string
	}{
		{2, question.Answer, "It succeeds"},
		{3, question.Answer, "It returns 1"},
		{6, question.Answer, "It succeeds"},
		{7, question.Answer, "EBUSY, after 164 ms"},
		{8, question.Answer, "No seals"},
		{9, question.Answer, "It returns 1"},
		{11, question.Answer, "It succeeds"},
		{12, question.Answer, "F_SEAL_WRITE"},
		{13, question.Answer, "It waits for ever"},
		{14, question.Answer, "It is not made"},
		{7, question.Check, "memfd_wait_for_pins"},
		{11, question.Check, "None: it succeeds"},
		{7, question.Tagged, "1"},
		{11, question.Tagged, "0"},
		{7, question.Looks, "6"},  // one to tag, and five
		{11, question.Looks, "1"}, // one, which finds nothing
		{5, question.Refs, "3"},   // the page cache, the batch, the pipe
		{10, question.Refs, "1"},
		{7, question.Counter, "0"},
		{11, question.Counter, "-1"},
	} {
		found, err := question.Probe{Line: c.line, Of: c.of}.Read(res)
		require.NoError(t, err)
		require.Equal(t, c.want, found.Text, "line %d, fact %d", c.line, c.of)
	}
	for _, p := range []question.Probe{{Line: 99}, {Line: 1}, {Line: 2, Of: question.Refs}, {Line: 2, Of: 99}} {
		_, err := p.Read(res)
		require.Error(t, err)
	}
}

func TestBadQuestions(t *testing.T) {
	ask := func(scenario, kernel string, choices ...string) error {
		_, err := question.New(scenario, kernel, "What?", question.Probe{Line: 7}, question.Texts(choices...))
		return err
	}
	late := "EBUSY, after 164 ms"
	require.NoError(t, ask(pinned, "", late, "EPERM"))
	require.ErrorContains(t, ask(pinned, "", "EPERM"), `answers "EBUSY, after 164 ms", which is no choice`)
	require.ErrorContains(t, ask(pinned, "", late, late), "is there twice")
	require.Error(t, ask(pinned, "2.6", late))
	require.Error(t, ask("a: memfd_create) = (", "", late))
	require.ErrorContains(t, ask("close(3) = 0\n", "", late), "line 1 expects 0")
	require.ErrorContains(t, ask("# program a\nclose(3)\n# program b\nclose(3)\n", "", late), "has 2")
}

func TestNumbered(t *testing.T) {
	require.Equal(t, []string{"  1  kernel 6.1", "  2  close(3)"}, question.Numbered("kernel 6.1\nclose(3)\n"))
}

func ExampleNew() {
	q, err := question.New(`r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
mmap(NULL, 4096, PROT_READ, MAP_SHARED, r0, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`, "6.12", "What is i_mmap_writable after line 4?", question.Probe{Line: 4, Of: question.Counter},
		question.Texts("-1", "0", "1"))
	fmt.Println(q.Choices[q.Answer].Text, err)
	for _, s := range q.Because {
		fmt.Println(s)
	}
	// Output:
	// 1 <nil>
	// main counts one mapping more that may become writable: i_mmap_writable of "a" 0 → 1.
	// main counts one mapping more that may become writable: i_mmap_writable of "a" 1 → 2.
	// main counts one mapping less that may become writable: i_mmap_writable of "a" 2 → 1.
}

func ExampleOutcome() {
	res, _ := question.Play("r0 = memfd_create(\"a\", 0)\nfcntl(r0, F_ADD_SEALS, F_SEAL_GROW)\n", "")
	for i := range res.Calls {
		fmt.Println(question.Outcome(&res.Calls[i]))
	}
	// Output:
	// It succeeds
	// EPERM
}
