package trace_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/trace"
)

// drawTrace makes any trace that Write can be given.
func drawTrace(t *rapid.T) *trace.Trace {
	text := rapid.StringN(0, 12, -1)
	object := rapid.Custom(func(t *rapid.T) trace.Object {
		return trace.Object{ID: rapid.Uint32().Draw(t, "id"), Kind: text.Draw(t, "kind"), Name: text.Draw(t, "name")}
	})
	some := &trace.Trace{Header: trace.Header{
		Kernel: text.Draw(t, "kernel"), HZ: rapid.Int().Draw(t, "hz"), CPUs: rapid.Int().Draw(t, "cpus"),
		Scenario: text.Draw(t, "scenario"), Schedule: text.Draw(t, "schedule"), Hash: text.Draw(t, "hash"),
		Steps: rapid.Uint64().Draw(t, "steps"), More: rapid.Int64().Draw(t, "more"),
	}}
	for range rapid.IntRange(0, 3).Draw(t, "sites") {
		some.Sites = append(some.Sites, trace.Site{Stack: []trace.Frame{{
			Func: text.Draw(t, "func"), File: text.Draw(t, "file"), Line: rapid.Int().Draw(t, "line"),
		}}})
	}
	used := 0
	for i := range rapid.IntRange(0, 6).Draw(t, "events") {
		e := trace.Event{
			Step: rapid.Uint64().Draw(t, "step"), At: rapid.Int64().Draw(t, "at"),
			Task: rapid.Int().Draw(t, "task"), Who: text.Draw(t, "who"), Line: rapid.Int64().Draw(t, "line"),
			Kind: trace.Kind(rapid.IntRange(int(trace.Boot), int(trace.Note)).Draw(t, "kind")),
			Op:   text.Draw(t, "op"), Object: object.Draw(t, "object"), Other: object.Draw(t, "other"),
			Text: text.Draw(t, "text"), Cause: rapid.IntRange(0, i).Draw(t, "cause"),
			Detail: rapid.Bool().Draw(t, "detail"),
			Site:   rapid.IntRange(0, len(some.Sites)).Draw(t, "site"),
		}
		used = max(used, e.Site)
		for range rapid.IntRange(0, 2).Draw(t, "facts") {
			e.Facts = append(e.Facts, trace.Fact{Name: text.Draw(t, "fact"), Value: rapid.Int64().Draw(t, "value")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			e.Changes = append(e.Changes, trace.Change{Object: uint32(rapid.IntRange(1, 3).Draw(t, "id")),
				Field: text.Draw(t, "field"), Old: text.Draw(t, "old"), New: text.Draw(t, "new")})
		}
		some.Events = append(some.Events, e)
	}
	some.Sites = some.Sites[:used:used] // only sites that something happened at are written
	if used == 0 {
		some.Sites = nil
	}
	return some
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawTrace(t)
		var b bytes.Buffer
		require.NoError(t, want.Write(&b))
		got, err := trace.Read(&b, "test")
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// A trace that was cut anywhere, or has a byte changed, is refused with a place or
// read as another trace; it is never taken for the whole one.
func TestTorn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		require.NoError(t, drawTrace(t).Write(&b))
		whole := b.Bytes()
		cut := rapid.IntRange(0, len(whole)-2).Draw(t, "cut")
		_, err := trace.Read(bytes.NewReader(whole[:cut]), "test")
		var bad *trace.SyntaxError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "test", bad.File)
		require.LessOrEqual(t, bad.Line, 2+bytes.Count(whole[:cut], []byte("\n")))
		require.Positive(t, bad.Line)
		require.Positive(t, bad.Col)
	})
}

func TestErrors(t *testing.T) {
	const head = `{"trace":{"version":1,"kernel":"7.2.13","hz":250,"cpus":2}}` + "\n"
	for _, c := range []struct{ in, want string }{
		{``, `t:1:1: the trace is empty, want its header`},
		{"{}\n", `t:1:1: this is no trace, want {"trace":{"version":1,…}} on its first line`},
		{"close(3) = 0\n", `t:1:1: invalid character 'c' looking for beginning of value`},
		{`{"trace":{"version":2,"kernel":5}}`, `t: the trace has version 2, and this sealab reads version 1: ` +
			`read it with a newer sealab, or record it again`},
		{`{"trace":{"version":0}}`, `t: the trace has version 0, which sealab no longer reads ` +
			`(it reads version 1): record it again`},
		{head, `t:2:1: the trace was cut short: its end is missing after 0 events`},
		{head + `{"event":{"step":1,"at":0,"kind":"begin"`, `t:2:41: the line was cut short`},
		{head + `{"event":{"step":"x"}}` + "\n", `t:2:20: string does not belong in event.step`},
		{head + `{"event":{"step":1,"kind":"leap"}}` + "\n", `t:2:35: there is no kind of event "leap"`},
		{head + `{"event":{"step":1}}` + "\n", `t:2:1: the event has no kind`},
		{head + `{"event":{"kind":"note","site":1}}`, `t:2:1: the event is at site 1, and there are 0`},
		{head + `{"event":{"kind":"note","cause":1}}`, `t:2:1: the event's cause is event 1, and it is itself event 1`},
		{head + `{"end":{"events":1}}`, `t:2:1: the trace has 0 events and should have 1`},
		{head + `{"end":{"events":0}}` + "\nmore", `t:3:1: something follows the end of the trace`},
		{head + `{"end":{"events":0}} {}`, `t:2:21: something follows the line's object`},
		{head + head, `t:2:1: want a site, an event or the end`},
	} {
		_, err := trace.Read(strings.NewReader(c.in), "t")
		require.EqualError(t, err, c.want)
	}
}

// Applying an event and undoing it leaves the state as it was, when the trace is
// one that a run could have given: each change starts from the value that is there.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := trace.State{}
		var before []trace.State
		var events []trace.Event
		for range rapid.IntRange(0, 8).Draw(t, "events") {
			before = append(before, copyState(s))
			var e trace.Event
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				id := uint32(rapid.IntRange(1, 3).Draw(t, "id"))
				field := rapid.SampledFrom([]string{"refs", "maps"}).Draw(t, "field")
				c := trace.Change{Object: id, Field: field, Old: s[id][field],
					New: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "new")}
				e.Changes = append(e.Changes, c)
				s.Apply(&trace.Event{Changes: []trace.Change{c}})
			}
			events = append(events, e)
		}
		all := &trace.Trace{Events: events}
		require.Equal(t, s, all.StateAt(len(events)))
		for i := len(events) - 1; i >= 0; i-- {
			s.Undo(&events[i])
			require.Equal(t, before[i], s)
		}
	})
}

func copyState(s trace.State) trace.State {
	c := trace.State{}
	for id, fields := range s {
		c[id] = map[string]string{}
		for k, v := range fields {
			c[id][k] = v
		}
	}
	return c
}

func TestLastChange(t *testing.T) {
	set := func(old, now string) trace.Event {
		return trace.Event{Kind: trace.Set, Changes: []trace.Change{{Object: 7, Field: "n", Old: old, New: now}}}
	}
	tr := &trace.Trace{Events: []trace.Event{set("", "1"), {Kind: trace.Note}, set("1", "2")}}
	require.Equal(t, -1, tr.LastChange(0, 7, "n"))
	require.Equal(t, 0, tr.LastChange(2, 7, "n"))
	require.Equal(t, 2, tr.LastChange(3, 7, "n"))
	require.Equal(t, -1, tr.LastChange(3, 7, "m"))
}

func TestTime(t *testing.T) {
	for ns, want := range map[int64]string{0: "0 ms", 163_900_000: "163.9 ms", 4_000_000: "4 ms",
		1500: "1.5 µs", 12_000_001: "12 ms", 1_000_000_000: "1000 ms"} {
		require.Equal(t, want, trace.Time(ns))
	}
}

// Every kind of event has a sentence and a name that is read again.
func TestKinds(t *testing.T) {
	for k := trace.Boot; k <= trace.Note; k++ {
		name, err := k.MarshalText()
		require.NoError(t, err)
		var back trace.Kind
		require.NoError(t, back.UnmarshalText(name))
		require.Equal(t, k, back)
		e := trace.Event{Kind: k, Who: "a", Text: "text", Object: trace.Object{ID: 1, Kind: "page"},
			Other: trace.Object{ID: 2, Kind: "task"}}
		require.NotEqual(t, k.String(), e.Describe(), "kind %s has no sentence", k)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"trace":{"version":1,"kernel":"7.2.13","hz":250,"cpus":2}}
{"site":{"stack":[{"func":"memfd.AddSeals","file":"sim/memfd/seals.go","line":40}]}}
{"event":{"step":1,"at":0,"task":1,"who":"main","kind":"begin","site":1,"text":"close(3)"}}
{"event":{"step":2,"at":4000000,"kind":"set","cause":1,"changes":[{"id":7,"field":"n","new":"1"}]}}
{"end":{"events":2}}
`))
	f.Fuzz(func(t *testing.T, in []byte) {
		tr, err := trace.Read(bytes.NewReader(in), "f")
		if err != nil {
			return
		}
		for i := range tr.Events {
			tr.Events[i].Describe()
			tr.Where(&tr.Events[i])
		}
		tr.StateAt(len(tr.Events))
		var b bytes.Buffer
		if err := tr.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := trace.Read(&b, "g")
		if err != nil || len(again.Events) != len(tr.Events) {
			t.Fatalf("what was read is written so that it cannot be read again: %v", err)
		}
	})
}
