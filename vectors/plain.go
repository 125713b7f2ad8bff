package vectors

import (
	"fmt"
	"strconv"
	"strings"
)

// Plain writes the vectors that tools/vectors/play.c can play, with the answers of one
// kernel, as profile.Find takes it: those that mean something for it, whose results do
// not depend on the order. Times are those with 1000 ticks a second, which are the shortest.
func (s *Set) Plain(kernel string) (string, error) {
	var b strings.Builder
	count := 0
	for i := range s.Vectors {
		v := &s.Vectors[i]
		if !v.Portable() {
			continue
		}
		results, err := v.Results(kernel, 1000)
		if err != nil {
			return "", err
		}
		count++
		fmt.Fprintf(&b, "vector %s\n", strings.TrimSuffix(v.Name+" needs "+v.Needs, " needs "))
		for j := range v.Steps {
			fmt.Fprintf(&b, "%s => %s\n", v.Steps[j].plain(), results[j].plain())
		}
	}
	return fmt.Sprintf("vectors %d of %s\n%s", count, kernel, b.String()), nil
}

// Portable says whether play.c can play a vector: it makes the calls of playable, and
// every argument is one that it can make. What needs root would change a setting of the
// whole system, and is left to others.
func (v *Vector) Portable() bool {
	if v.Needs == "root" || v.Needs == "a slow device" {
		return false
	}
	for _, s := range v.Steps {
		if !playable[s.Call] {
			return false
		}
		for _, a := range s.Args {
			if a.Text != "" {
				return false
			}
		}
	}
	return !v.Race
}

var playable = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`memfd_create fcntl ftruncate fallocate fchmod lseek read write pread64 pwrite64
		openat dup close pipe2 splice tee vmsplice sendfile mmap munmap mprotect mremap madvise fork kill load store`) {
		m[w] = true
	}
	return m
}()

func (s *Step) plain() string {
	binds, when := "-", ""
	if s.Task != "" {
		when = fmt.Sprintf("%s@%d ", s.Task, s.At)
	}
	words := []string{s.Call}
	if s.Binds != "" {
		binds = s.Binds
	}
	for _, a := range s.Args {
		switch {
		case a.Number != nil:
			words = append(words, strconv.FormatInt(*a.Number, 10))
		case a.Name != "":
			words = append(words, "$"+a.Name)
		case a.String != nil:
			words = append(words, strconv.Quote(*a.String))
		case a.Offset != nil:
			words = append(words, "&"+strconv.FormatInt(*a.Offset, 10))
		case a.Vector != nil:
			words = append(words, fmt.Sprintf("%%%d:%d", a.Vector[0], a.Vector[1]))
		case a.Store != nil:
			binds = strings.Join(a.Store, ",")
			words = append(words, "!")
		default:
			words = append(words, "@")
		}
	}
	return when + binds + " " + strings.Join(words, " ")
}
