package scenario

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrors(t *testing.T) {
	const bound = "r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\n"
	for _, c := range []struct{ text, want string }{
		{bound + "fcntl(r0, F_ADD_SEALS, F_SEAL_WRIT)", `
			test:2:24: unknown name F_SEAL_WRIT
			    fcntl(r0, F_ADD_SEALS, F_SEAL_WRIT)
			                           ^
			    hint: did you mean F_SEAL_WRITE?`},
		{bound + "fnctl(r0, F_GET_SEALS)", `
			test:2:1: unknown call fnctl
			    fnctl(r0, F_GET_SEALS)
			    ^
			    hint: did you mean fcntl?`},
		{bound + "close(rO)", `
			test:2:7: unknown name rO
			    close(rO)
			          ^
			    hint: did you mean r0?`},
		{bound + "close(r0", `
			test:2:9: the line ends inside the call, want ')'
			    close(r0
			            ^`},
		{bound + "close(r0) = EBADF", `
			test:2:13: unexpected 'E', want a number or '?'
			    close(r0) = EBADF
			                ^
			    hint: a failed call returns -1: = -1 EBADF`},
		{bound + "exists (r0 == 3)", `
			test:2:13: unexpected '=', want a value
			    exists (r0 == 3)
			                ^
			    hint: equality is a single =`},
		{bound + "exits (r0 = 3)", `
			test:2:1: no call and no header line
			    exits (r0 = 3)
			    ^
			    hint: did you mean exists?`},
		{"kernal 6.12", `
			test:1:1: no call and no header line
			    kernal 6.12
			    ^
			    hint: did you mean kernel?`},
		{"close(1)\nhz 100", `
			test:2:1: header line after the first call
			    hz 100
			    ^`},
		{"hz fast", `
			test:1:4: unexpected 'f', want a number
			    hz fast
			       ^`},
		{"7 close(1 2) = 0", `
			test:1:11: unexpected '2', want ',' or ')'
			    7 close(1 2) = 0
			              ^`},
		{"write(1, \"" + strings.Repeat("x", 200) + "\", [2)) = 1", `
			test:1:216: unexpected ')', want ',' or ']'
			    ...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", [2)) = 1
			                                                                   ^`},
	} {
		_, errs := read(t, c.text, Options{}, nil)
		require.Len(t, errs, 1, c.text)
		require.Equal(t, strings.ReplaceAll(strings.Trim(c.want, "\n"), "\t", ""), errs[0].Error())
	}
}

// ErrorAt points into the line in which an argument really stands, in either half of a call.
func TestErrorAt(t *testing.T) {
	text := "7 read(4, A <unfinished ...>\n7 <... read resumed>, B) = 1\n"
	var got []string
	read(t, text, Options{}, func(ev *Event) string {
		if ev.Kind == CallEnd {
			for i := range ev.Args {
				got = append(got, ev.ErrorAt(&ev.Args[i], string(ev.Args[i].Text)).Headline())
			}
		}
		return ""
	})
	require.Equal(t, []string{"test:1:8: 4", "test:1:11: A", "test:2:23: B"}, got)
}

func TestSuggest(t *testing.T) {
	require.Equal(t, "F_SEAL_GROW", Suggest("F_SEAL_GORW", []string{"F_SEAL_GROW", "F_SEAL_SEAL"}))
	require.Equal(t, "", Suggest("x", []string{"y"}))
	require.Equal(t, "", Suggest("abcdef", []string{"uvwxyz"}))
	require.Equal(t, "memfd_create", SuggestCall("memfdcreate"))
	require.True(t, IsCall("mmap") && !IsCall("nmap"))
}
