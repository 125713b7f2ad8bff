package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Version is the version of the format that this package writes and reads.
const Version = 1

// maxLine is the longest line that is read, in bytes.
const maxLine = 16 << 20

// line is one line of a trace; exactly one of its fields is set.
type line struct {
	Trace *first `json:"trace,omitempty"`
	Site  *Site  `json:"site,omitempty"`
	Event *Event `json:"event,omitempty"`
	End   *last  `json:"end,omitempty"`
}

// first is the header line. A reader of any version can read its version.
type first struct {
	Version int `json:"version"`
	Header
}

type last struct {
	Events int `json:"events"`
}

// Write writes the trace as lines of JSON.
func (t *Trace) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line{Trace: &first{Version, t.Header}}); err != nil {
		return err
	}
	sites := 0
	for i := range t.Events {
		e := &t.Events[i]
		for ; sites < min(e.Site, len(t.Sites)); sites++ {
			if err := enc.Encode(line{Site: &t.Sites[sites]}); err != nil {
				return err
			}
		}
		if err := enc.Encode(line{Event: e}); err != nil {
			return err
		}
	}
	if err := enc.Encode(line{End: &last{len(t.Events)}}); err != nil {
		return err
	}
	return out.Flush()
}

// SyntaxError is a trace that cannot be read, and where.
type SyntaxError struct {
	File string
	Line int // from 1
	Col  int // from 1, in bytes
	Msg  string
}

// Error is file:line:col: message.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// VersionError is a trace of a version that this package does not read.
type VersionError struct {
	File    string
	Version int
}

// Error says which version it is, and what to do.
func (e *VersionError) Error() string {
	if e.Version > Version {
		return fmt.Sprintf("%s: the trace has version %d, and this sealab reads version %d: "+
			"read it with a newer sealab, or record it again", e.File, e.Version, Version)
	}
	return fmt.Sprintf("%s: the trace has version %d, which sealab no longer reads (it reads version %d): "+
		"record it again", e.File, e.Version, Version)
}

// Read reads a trace that Write has written; name stands in errors. The error is a
// *SyntaxError, a *VersionError, or that of reading.
func Read(r io.Reader, name string) (*Trace, error) {
	d := decoder{name: name, in: bufio.NewReaderSize(r, 64<<10)}
	return d.trace()
}

type decoder struct {
	name string
	in   *bufio.Reader
	n    int // lines read
	buf  []byte
}

func (d *decoder) fail(col int, format string, args ...any) error {
	return &SyntaxError{d.name, d.n, col, fmt.Sprintf(format, args...)}
}

func (d *decoder) trace() (*Trace, error) {
	t := &Trace{}
	if err := d.header(t); err != nil {
		return nil, err
	}
	for {
		l, err := d.next()
		switch {
		case err == io.EOF:
			d.n++
			return nil, d.fail(1, "the trace was cut short: its end is missing after %d events", len(t.Events))
		case err != nil:
			return nil, err
		case l.Site != nil:
			t.Sites = append(t.Sites, *l.Site)
		case l.Event != nil:
			if err := d.check(t, l.Event); err != nil {
				return nil, err
			}
			t.Events = append(t.Events, *l.Event)
		case l.End != nil && l.End.Events != len(t.Events):
			return nil, d.fail(1, "the trace has %d events and should have %d", len(t.Events), l.End.Events)
		case l.End != nil:
			return t, d.nothing()
		default:
			return nil, d.fail(1, "want a site, an event or the end")
		}
	}
}

// header reads the first line, its version first: the rest of another version's
// line may be anything.
func (d *decoder) header(t *Trace) error {
	text, err := d.readLine()
	if err == io.EOF {
		d.n = 1
		return d.fail(1, "the trace is empty, want its header")
	}
	if err != nil {
		return err
	}
	var v struct {
		Trace *struct{ Version int }
	}
	if json.Unmarshal(text, &v) == nil && v.Trace != nil && v.Trace.Version != Version {
		return &VersionError{d.name, v.Trace.Version}
	}
	head, err := d.decode(text)
	if err != nil {
		return err
	}
	if head.Trace == nil {
		return d.fail(1, `this is no trace, want {"trace":{"version":%d,…}} on its first line`, Version)
	}
	t.Header = head.Trace.Header
	return nil
}

// check refuses an event that refers to what is not there.
func (d *decoder) check(t *Trace, e *Event) error {
	switch {
	case e.Kind == 0:
		return d.fail(1, "the event has no kind")
	case e.Site < 0 || e.Site > len(t.Sites):
		return d.fail(1, "the event is at site %d, and there are %d", e.Site, len(t.Sites))
	case e.Cause < 0 || e.Cause > len(t.Events):
		return d.fail(1, "the event's cause is event %d, and it is itself event %d", e.Cause, len(t.Events)+1)
	}
	return nil
}

// nothing expects the end of the input.
func (d *decoder) nothing() error {
	if _, err := d.next(); err != io.EOF {
		var syntax *SyntaxError
		if err == nil || errors.As(err, &syntax) {
			return d.fail(1, "something follows the end of the trace")
		}
		return err
	}
	return nil
}

// next reads one line.
func (d *decoder) next() (l line, err error) {
	text, err := d.readLine()
	if err != nil {
		return l, err
	}
	return d.decode(text)
}

func (d *decoder) decode(text []byte) (l line, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	err = dec.Decode(&l)
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return l, d.fail(int(syntax.Offset), "%s", syntax.Error())
	case errors.As(err, &typ):
		return l, d.fail(int(typ.Offset), "%s does not belong in %s", typ.Value, typ.Field)
	case err == io.ErrUnexpectedEOF || err == io.EOF:
		return l, d.fail(len(text)+1, "the line was cut short")
	case err != nil:
		return l, d.fail(int(dec.InputOffset())+1, "%s", err)
	case len(bytes.TrimSpace(text[dec.InputOffset():])) > 0:
		return l, d.fail(int(dec.InputOffset())+1, "something follows the line's object")
	}
	return l, nil
}

// readLine reads a line without its end; io.EOF is the end of the input.
func (d *decoder) readLine() ([]byte, error) {
	d.buf = d.buf[:0]
	for {
		part, err := d.in.ReadSlice('\n')
		d.buf = append(d.buf, part...)
		switch {
		case len(d.buf) > maxLine:
			d.n++
			return nil, d.fail(maxLine, "the line is longer than %d bytes", maxLine)
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(d.buf) == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		default:
			d.n++
			d.buf = bytes.TrimRight(d.buf, "\r\n")
			return d.buf, nil
		}
	}
}
