package scenario

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Options say how to read. The zero Options suit a log of strace.
type Options struct {
	// Strict refuses what a person would have mistyped: unknown calls, constants and errors,
	// values of no known form, calls without a closing parenthesis. Lines that only a person
	// writes (r0 = ..., a: ..., @15ms, a condition) turn it on by themselves, for the rest too.
	Strict bool
	// Comments makes the reader return Comment events.
	Comments bool
	// CutAt is the length in bytes at which all lines of the file were cut, 0 for none: a line
	// of that length is Truncated even if it happens to end in a readable result.
	CutAt int
	// MaxLine is the longest line that is read, in bytes; 0 means 1 MiB. A longer one is skipped
	// and reported.
	MaxLine int
	// MaxPending bounds the memory for calls that have begun and not ended, in bytes of their
	// text; 0 means 64 MiB. Beyond it a start is reported and forgotten.
	MaxPending int
}

// Reader reads a scenario line by line, in memory that does not grow with its length.
type Reader struct {
	name string
	opts Options
	in   io.Reader
	stop func()
	err  error // sticky

	buf        []byte // buf[from:to] is read and not yet returned
	from, to   int
	eof        bool
	lineNo     int64
	offset     int64
	ev         Event
	lost       Event
	s          scanner
	names      interner
	tasks      map[string]int
	called     bool // a call has been read: no more headers
	day, clock int64
	elapsed    int64
	afterError bool

	torn     []byte // a call into which strace printed a message of its own
	tornLine int64

	join joiner
	solo solo
}

const (
	firstBuffer  = 256 << 10
	maxZstdFrame = 128 << 20
)

// NewReader returns a Reader of in, which it decompresses if it is gzip or zstd. name stands in
// errors. The first call of Next reports a stream that cannot be opened.
func NewReader(in io.Reader, name string, opts Options) *Reader {
	if opts.MaxLine <= 0 {
		opts.MaxLine = 1 << 20
	}
	if opts.MaxPending <= 0 {
		opts.MaxPending = 64 << 20
	}
	r := &Reader{
		name: name, opts: opts, names: newInterner(), tasks: map[string]int{},
		buf: make([]byte, min(firstBuffer, opts.MaxLine+1)),
	}
	r.s.words = newWords()
	r.join.init(opts.MaxPending)
	r.solo.init()
	r.in, r.stop, r.err = decompress(in)
	if r.err != nil {
		r.err = fmt.Errorf("%s: %w", name, r.err)
	}
	return r
}

// decompress looks at the first bytes of in.
func decompress(in io.Reader) (out io.Reader, stop func(), err error) {
	br := bufio.NewReaderSize(in, 64<<10)
	magic, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		return z, nil, err
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdFrame))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	if bytes.HasPrefix(magic, []byte("\xef\xbb\xbf")) {
		_, _ = br.Discard(3) // they have been peeked at
	}
	return br, nil, nil
}

// Close frees what decompression holds. It does not close the underlying reader.
func (r *Reader) Close() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
	if r.err == nil {
		r.err = errors.New("scenario: read after Close")
	}
}

// Line returns the number of lines read so far.
func (r *Reader) Line() int64 { return r.lineNo }

// Offset returns the number of bytes read so far, after decompression.
func (r *Reader) Offset() int64 { return r.offset }

// Next returns the next event, good until the call after. A *SyntaxError is about one line: the
// caller may go on. Any other error, io.EOF at the end included, is final.
func (r *Reader) Next() (*Event, error) {
	if ev, ok := r.nextLost(); ok {
		return ev, nil
	}
	if r.join.held {
		r.join.held = false
		return &r.ev, nil
	}
	for {
		if r.err != nil {
			return nil, r.err
		}
		line, err := r.readLine()
		if err == io.EOF && len(r.torn) > 0 {
			line, err = nil, nil // the first half of a torn call is all there is
		}
		if err != nil {
			if err == io.EOF {
				r.err = io.EOF
				if r.join.loseAll("the log ends"); len(r.join.lost) > 0 {
					ev, _ := r.nextLost()
					return ev, nil
				}
			}
			return nil, err
		}
		ok, err := r.parse(line)
		r.afterError = err != nil
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if ev, ok := r.nextLost(); ok {
			r.join.held = true
			return ev, nil
		}
		return &r.ev, nil
	}
}

// readLine returns the next line without its end.
func (r *Reader) readLine() ([]byte, error) {
	scanned := r.from
	for {
		if n := bytes.IndexByte(r.buf[scanned:r.to], '\n'); n >= 0 {
			end := scanned + n
			if end-r.from > r.opts.MaxLine {
				return nil, r.skipLine()
			}
			line := r.buf[r.from:end]
			r.from = end + 1
			return r.gotLine(line, len(line)+1)
		}
		if r.to-r.from > r.opts.MaxLine {
			return nil, r.skipLine()
		}
		if r.eof {
			line := r.buf[r.from:r.to]
			r.from = r.to
			if len(line) == 0 {
				return nil, io.EOF
			}
			return r.gotLine(line, len(line))
		}
		scanned = r.to
		if err := r.fill(&scanned); err != nil {
			return nil, err
		}
	}
}

func (r *Reader) gotLine(line []byte, size int) ([]byte, error) {
	r.lineNo++
	r.offset += int64(size)
	for n := len(line); n > 0 && line[n-1] == '\r'; n-- {
		line = line[:n-1]
	}
	return line, nil
}

// fill reads more input, after making room for it. It moves *scanned with the data.
func (r *Reader) fill(scanned *int) error {
	if r.from > 0 && r.to == len(r.buf) {
		copy(r.buf, r.buf[r.from:r.to])
		*scanned -= r.from
		r.to -= r.from
		r.from = 0
	}
	if r.to == len(r.buf) {
		size := min(2*len(r.buf), r.opts.MaxLine+2)
		r.buf = append(r.buf, make([]byte, size-len(r.buf))...)
	}
	for range 100 {
		n, err := r.in.Read(r.buf[r.to:])
		r.to += n
		if err == io.EOF {
			r.eof = true
			return nil
		}
		if err != nil {
			r.err = fmt.Errorf("%s: after line %d: %w", r.name, r.lineNo, err)
			return r.err
		}
		if n > 0 {
			return nil
		}
	}
	r.err = fmt.Errorf("%s: after line %d: %w", r.name, r.lineNo, io.ErrNoProgress)
	return r.err
}

// skipLine drops the rest of a line that is too long.
func (r *Reader) skipLine() error {
	r.lineNo++
	e := newError(r.name, r.lineNo, r.buf[r.from:r.to], r.opts.MaxLine,
		fmt.Sprintf("line is longer than %d bytes and skipped", r.opts.MaxLine))
	for {
		if n := bytes.IndexByte(r.buf[r.from:r.to], '\n'); n >= 0 {
			r.offset += int64(n + 1)
			r.from += n + 1
			return e
		}
		r.offset += int64(r.to - r.from)
		r.from, r.to = 0, 0
		if r.eof {
			return e
		}
		var scanned int
		if err := r.fill(&scanned); err != nil {
			return err
		}
	}
}
