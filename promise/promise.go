package promise

import (
	"fmt"
	"strings"

	"sealab/run"
	"sealab/sim/profile"
	"sealab/sim/trace"
)

// Outcome is what became of a threat.
type Outcome string

// The outcomes.
const (
	Happens   Outcome = "happens"
	Prevented Outcome = "prevented" // a check of the kernel refused it
	Unseen    Outcome = "not seen"  // it happens, but the receiver has pages of its own
	NoSeal    Outcome = "no seal"   // the seal itself is refused, with what the threat needs in place
	NoMeans   Outcome = "no means"  // this kernel does not have the means
)

// Verdict is one means against one threat, on one kernel.
type Verdict struct {
	Threat
	Outcome  Outcome `json:"outcome"`
	Errno    string  `json:"errno,omitempty"`
	Check    string  `json:"check,omitempty"` // the kernel's check that refused
	Scenario string  `json:"scenario"`        // what was played
	Line     int64   `json:"line"`            // of the call in it that decided, the last if none was refused
	Says     string  `json:"says"`            // all of this in a sentence without its full stop
}

// Relied says whether whoever relies on the means need not fear the threat.
func (v *Verdict) Relied() bool { return v.Outcome != Happens && v.Outcome != NoMeans }

// say puts the verdict in words.
func (v *Verdict) say() string {
	said, refused := v.Who+" "+v.Does, strings.Join(strings.Fields(v.Errno+" "+v.Check), " ")
	switch {
	case v.Outcome == Prevented:
		return said + ": refused, " + refused
	case v.Outcome == NoSeal:
		return said + ": the seal is refused while that is there, " + refused
	case v.Outcome == NoMeans:
		return said + ": this kernel does not have the means, " + v.Errno
	case v.Outcome == Unseen:
		return said + ": not seen, since the receiver's pages are its own"
	case v.Then != "":
		return said + ": " + v.Then
	}
	return said
}

// Card is one means against every threat.
type Card struct {
	Means
	Kernel   string    `json:"kernel"`
	Verdicts []Verdict `json:"verdicts"`
}

// NewCard tries every threat against a means. The error is of the kernel's name.
func NewCard(m Means, kernel string) (*Card, error) {
	c := &Card{Means: m}
	for _, t := range threats {
		v, release, err := Try(m, t, kernel)
		if err != nil {
			return nil, err
		}
		c.Kernel = release
		c.Verdicts = append(c.Verdicts, *v)
	}
	return c, nil
}

// Elsewhere is the same card on the other ages of file sealing, one kernel for each.
func Elsewhere(c *Card) (all []*Card, err error) {
	for _, n := range profile.Ages() {
		if n.Release == c.Kernel {
			continue
		}
		o, err := NewCard(c.Means, n.Release)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// Try plays a means and a threat on a kernel, as run.Options names it, and says what
// became of the threat.
func Try(m Means, t Threat, kernel string) (v *Verdict, release string, err error) {
	text, sealed := m.scenario(t)
	scripts, err := run.Read(strings.NewReader(text), "promise")
	if err != nil {
		return nil, "", err
	}
	copies := t.Of == "bytes" && m.view == copying // else the receiver sees the file's own pages
	res, err := run.Play(scripts[0], run.Options{Kernel: kernel, Record: copies})
	if err != nil {
		return nil, "", err
	}
	if res.Stopped != "" {
		return nil, "", fmt.Errorf("promise: %s against %s: stopped %s", m.Name, t.Does, res.Stopped)
	}
	v = &Verdict{Threat: t, Outcome: Happens, Scenario: text, Line: res.Calls[len(res.Calls)-1].Line}
	defer func() { v.Says = v.say() }()
	for i := range res.Calls {
		c := &res.Calls[i]
		if c.Errno == "" {
			continue
		}
		v.Errno, v.Outcome, v.Line = c.Errno, Prevented, c.Line
		if c.Why != nil {
			v.Check = c.Why.Check
		}
		switch {
		case c.Line == 1 || c.Line <= sealed && c.Errno != "EBUSY":
			v.Outcome = NoMeans
		case c.Line <= sealed:
			v.Outcome = NoSeal
		}
		return v, res.Kernel, nil
	}
	if copies && !seen(res) {
		v.Outcome = Unseen
	}
	return v, res.Kernel, nil
}

// scenario is the means and then the threat, and the line that seals.
func (m Means) scenario(t Threat) (text string, sealed int64) {
	lines := []string{
		`r0 = memfd_create("picture", ` + m.flags + ")",
		`write(r0, "x", 8192)`,
	}
	if t.before != "" {
		lines = append(lines, t.before)
	}
	if m.seals != "" {
		lines = append(lines, "fcntl(r0, F_ADD_SEALS, "+m.seals+")")
	}
	sealed = int64(len(lines))
	lines = append(lines, m.receive, m.view)
	mode := "0666"
	if m.flags == "MFD_NOEXEC_SEAL" {
		mode = "0777" // it is the other way round there
	}
	fill := strings.NewReplacer("OTHER", m.other, "CHMOD", mode)
	for _, line := range t.does {
		lines = append(lines, fill.Replace(line))
	}
	return strings.Join(lines, "\n") + "\n", sealed
}

// seen says whether the receiver's mapping shows the first page of the file, when the
// last call of the run begins.
func seen(res *run.Result) bool {
	at := 0
	for i := range res.Trace.Events {
		if res.Trace.Events[i].Kind == trace.Begin {
			at = i
		}
	}
	if last := &res.Calls[len(res.Calls)-1]; strings.HasPrefix(last.Text, "w0 = ") {
		at = len(res.Trace.Events) // the threat was made before, and the view is the last call
	}
	s := res.Trace.StateAt(at)
	maps := s[s.PageOf(s.Files()[0], 0)]["maps"]
	return maps != "" && maps != "0"
}
