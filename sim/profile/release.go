package profile

import (
	"fmt"
	"strings"
)

// Note is a sentence on what is not certain about a profile.
type Note string

// ForRelease returns the behaviour of a kernel, by its release as uname -r prints
// it, and what is uncertain about that. The error is a *ReleaseError.
func ForRelease(text string) (Profile, []Note, error) {
	text = strings.TrimSpace(text)
	asked, err := ParseRelease(text)
	if err != nil {
		return Profile{}, nil, err
	}
	r := asked
	if Last.Before(r.Series) {
		r.Series, r.Point = Last, 0
	}
	p := base()
	for i := range changes {
		if changes[i].in(r) {
			changes[i].apply(&p)
		}
	}
	if realTime(asked.Suffix) {
		p.TransparentHuge = false
	}
	p.Release = strings.TrimLeft(text, "vV")
	return p, notes(asked, r), nil
}

// Newest returns the behaviour of the newest kernel that sealab knows.
func Newest() Profile {
	p, _, err := ForRelease("7.2.13")
	if err != nil {
		panic("profile: " + err.Error()) // the text is a constant
	}
	return p
}

// realTime says whether a kernel with that suffix is built with PREEMPT_RT: "-rt",
// "-rt-amd64", "-rt15" and their like.
func realTime(suffix string) bool {
	_, rest, ok := strings.Cut(suffix, "-rt")
	return ok && (rest == "" || rest[0] == '-' || rest[0] >= '0' && rest[0] <= '9')
}

// near is how many point releases before and after an unconfirmed one are told
// of it: about two months.
const near = 10

// notes collects what is uncertain about a release. asked is what the user said,
// r the release whose changes were applied.
func notes(asked, r Release) []Note {
	var all []Note
	add := func(format string, args ...any) { all = append(all, Note(fmt.Sprintf(format, args...))) }

	if asked.Series != r.Series {
		add("sealab knows kernels up to %s and takes %s for one of them.", Last, asked)
	}
	if strings.HasPrefix(asked.Suffix, "-rc") {
		add("%s%s is taken for %s as released.", asked, asked.Suffix, asked)
	}
	maker := distributor(asked.Suffix)
	if maker != "" {
		add("This is a kernel of %s; what a distribution took over from newer kernels is not known. "+
			"sealab takes it for Linux %s.", maker, asked)
	}
	if !asked.Given || maker != "" && r.Point == 0 {
		if later := laterBackports(r); later != "" {
			add("%s is taken for the first release of its series. Later ones got: %s.", asked, later)
		}
	}
	for i := range changes {
		c := &changes[i]
		b := c.backport(r.Series)
		if b == nil {
			if c.doubt.covers(r.Series) {
				add("Whether %s has %s is not certain; sealab assumes that %s was the first.",
					r.Series, c.what, c.since)
			}
			continue
		}
		if b.when != "" && r.Given && r.Point >= b.point-near && r.Point <= b.point+near {
			add("%s.y got %s %s; the exact point release is not confirmed, sealab assumes %s.%d.",
				r.Series, c.what, b.when, r.Series, b.point)
		}
	}
	return all
}

func (d doubt) covers(s Series) bool {
	return d.from != (Series{}) && !s.Before(d.from) && !d.last.Before(s)
}

// laterBackports lists the changes that point releases of r's series got later.
func laterBackports(r Release) string {
	var list []string
	for i := range changes {
		if b := changes[i].backport(r.Series); b != nil && !changes[i].in(r) {
			list = append(list, fmt.Sprintf("%s (%s.%d)", changes[i].what, b.series, b.point))
		}
	}
	return strings.Join(list, "; ")
}

// distributors are marks in the suffix of a kernel release, and who makes such
// kernels.
var distributors = []struct{ mark, maker string }{
	{"-android", "Android"},
	{"microsoft", "Microsoft"},
	{"-generic", "Ubuntu"},
	{"-lowlatency", "Ubuntu"},
	{"-aws", "Ubuntu"},
	{"-azure", "Ubuntu"},
	{"-gcp", "Ubuntu"},
	{"-oracle", "Ubuntu"},
	{"-raspi", "Ubuntu"},
	{".el", "Red Hat or a relative"},
	{".fc", "Fedora"},
	{".amzn", "Amazon"},
	{"-default", "SUSE"},
	{"+deb", "Debian"},
	{"+bpo", "Debian"},
	{"-amd64", "Debian"},
	{"-arm64", "Debian"},
	{"-arch", "Arch Linux"},
	{"-MANJARO", "Manjaro"},
	{"-pve", "Proxmox"},
}

// distributor returns who made a kernel with that suffix, "" if it is not known.
func distributor(suffix string) string {
	for _, d := range distributors {
		if strings.Contains(suffix, d.mark) {
			return d.maker
		}
	}
	return ""
}
