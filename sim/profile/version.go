package profile

import (
	"fmt"
	"strconv"
)

// Series is a mainline release such as 6.12, and the stable releases made from
// it.
type Series struct{ Major, Minor int }

// String prints "6.12".
func (s Series) String() string { return strconv.Itoa(s.Major) + "." + strconv.Itoa(s.Minor) }

// Before says whether s was released before t.
func (s Series) Before(t Series) bool {
	return s.Major < t.Major || s.Major == t.Major && s.Minor < t.Minor
}

// The first series with file sealing, and the last that sealab knows.
var (
	First = Series{3, 17}
	Last  = Series{7, 2}
)

// lastMinor is the last series of each major version that is complete.
var lastMinor = [...]int{3: 19, 4: 20, 5: 19, 6: 19}

// exists says whether there is, or may some day be, a release of that name.
func (s Series) exists() bool {
	return s.Major >= len(lastMinor) || s.Major >= First.Major && s.Minor <= lastMinor[s.Major]
}

// Release is one kernel: a series, a point release, and what else stood in its
// name.
type Release struct {
	Series Series
	Point  int    // the stable release, 0 for the first of the series
	Given  bool   // whether the name has a point release at all
	Suffix string // the rest, such as "-42-generic"
}

// String prints the name without the suffix.
func (r Release) String() string {
	if !r.Given {
		return r.Series.String()
	}
	return r.Series.String() + "." + strconv.Itoa(r.Point)
}

// ReleaseError is a text that names no kernel with file sealing.
type ReleaseError struct {
	Text       string
	Why        string
	Suggestion string // a release to try instead, "" if there is none
}

// Error says what is wrong and what to write instead.
func (e *ReleaseError) Error() string {
	msg := fmt.Sprintf("kernel release %q: %s", e.Text, e.Why)
	if e.Suggestion != "" {
		msg += fmt.Sprintf("; try %q", e.Suggestion)
	}
	return msg
}

// ParseRelease reads a kernel release as uname -r prints it: "6.1.150",
// "v4.19", "5.4.0-42-generic", "6.12.107+deb13-amd64". The error is a
// *ReleaseError.
func ParseRelease(text string) (Release, error) {
	rest := text
	if len(rest) > 1 && (rest[0] == 'v' || rest[0] == 'V') {
		rest = rest[1:]
	}
	var r Release
	var ok bool
	if r.Series.Major, rest, ok = cutNumber(rest); !ok {
		return Release{}, &ReleaseError{text, "does not begin with a version number", Last.String()}
	}
	if rest == "" || rest[0] != '.' {
		return Release{}, &ReleaseError{text, "has no second number", text + ".0"}
	}
	if r.Series.Minor, rest, ok = cutNumber(rest[1:]); !ok {
		return Release{}, &ReleaseError{text, "has no second number", strconv.Itoa(r.Series.Major) + ".0"}
	}
	if len(rest) > 1 && rest[0] == '.' {
		if point, after, ok := cutNumber(rest[1:]); ok {
			r.Point, r.Given, rest = point, true, after
		}
	}
	r.Suffix = rest
	return r, r.check(text)
}

// check refuses releases that do not exist, or have no file sealing.
func (r Release) check(text string) error {
	s := r.Series
	switch {
	case r.Suffix != "" && !suffixStart(r.Suffix[0]):
		return &ReleaseError{text, fmt.Sprintf("%q is no suffix", r.Suffix), r.String()}
	case s.Major < First.Major || s.Major == First.Major && s.Minor < First.Minor:
		return &ReleaseError{text, "memfd_create and file sealing came with Linux 3.17", First.String()}
	case !s.exists():
		return &ReleaseError{text,
			fmt.Sprintf("the series after %d.%d is %d.0", s.Major, lastMinor[s.Major], s.Major+1),
			fmt.Sprintf("%d.%d", s.Major, lastMinor[s.Major])}
	case s.Major > Last.Major:
		return &ReleaseError{text, "sealab knows kernels up to " + Last.String(), Last.String()}
	}
	return nil
}

// suffixStart says whether what follows the numbers may begin with c.
func suffixStart(c byte) bool { return c == '-' || c == '+' || c == '.' || c == '_' || c == '~' }

// cutNumber cuts a number of up to four digits from the front.
func cutNumber(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < 5 && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i > 0 && i < 5
}
