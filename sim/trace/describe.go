package trace

import (
	"fmt"
	"strings"
)

// Describe says what happened, in one sentence without its full stop.
func (e *Event) Describe() string {
	if f := sentences[e.Kind%kinds]; f != nil {
		return f(e)
	}
	return e.Kind.String()
}

// sentences has one for each kind.
var sentences [kinds]func(*Event) string

func init() {
	sentences = [kinds]func(*Event) string{
		Boot:   func(e *Event) string { return "the machine stands ready" },
		Begin:  func(e *Event) string { return e.who() + " calls " + e.Text },
		End:    end,
		Refuse: refuse,
		Lock:   lock,
		Unlock: func(e *Event) string { return fmt.Sprintf("%s lets %s go", e.who(), e.Object) },
		Wait:   wait,
		Sleep:  func(e *Event) string { return e.who() + " sleeps until " + Time(e.Fact("until")) },
		Wake:   wake,
		Count:  count,
		Scan:   scan,
		Look:   look,
		Tag:    func(e *Event) string { return fmt.Sprintf("%s tags %s", e.who(), e.Object) },
		Untag:  func(e *Event) string { return fmt.Sprintf("%s takes the tag off %s", e.who(), e.Object) },
		Ref:    references("takes", "to"),
		Unref:  references("gives back", "to"),
		Rmap:   rmap,
		Hold:   func(e *Event) string { return holding(e, "now holds") },
		Drop:   func(e *Event) string { return holding(e, "no longer holds") },
		Cache:  cache,
		Data:   func(e *Event) string { return fmt.Sprintf("%s changes bytes of %s", e.who(), e.Object) },
		Seal:   seal,
		Size:   size,
		Map:    mapped,
		FD:     descriptor,
		Signal: func(e *Event) string { return fmt.Sprintf("%s sends %s to %s", e.who(), e.Text, e.Other) },
		Exit:   func(e *Event) string { return e.who() + " ends" },
		Make:   func(e *Event) string { return fmt.Sprintf("%s makes %s", e.who(), e.Object) },
		Free:   func(e *Event) string { return fmt.Sprintf("%s is gone", e.Object) },
		Set:    set,
		Note:   func(e *Event) string { return e.Text },
	}
}

func (e *Event) who() string {
	if e.Who == "" {
		return "something"
	}
	return e.Who
}

func (o Object) String() string {
	switch {
	case o.Name != "":
		return o.Name
	case o.ID == 0:
		return "nothing"
	}
	return fmt.Sprintf("%s %d", o.Kind, o.ID)
}

func rmap(e *Event) string {
	old, now := e.Changed("maps")
	what := "entries of page tables"
	if now == "1" {
		what = "entry of a page table"
	}
	return fmt.Sprintf("%s is in %s %s now, %s before", e.Object, or(now, "0"), what, or(old, "0"))
}

func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

func end(e *Event) string {
	if e.Text == "?" {
		return fmt.Sprintf("%s does not return from %s any more", e.who(), e.Op)
	}
	s := fmt.Sprintf("%s: %s returns %s", e.who(), e.Op, e.Text)
	if took := e.Fact("took"); took > 0 {
		s += ", after " + Time(took)
	}
	return s
}

func refuse(e *Event) string {
	s := fmt.Sprintf("%s is refused by %s: %s", e.who(), e.Op, e.Text)
	var saw []string
	for _, f := range e.Facts {
		if f.Name == "page" {
			saw = append(saw, fmt.Sprintf("somebody still holds page %d", f.Value))
			continue
		}
		saw = append(saw, fmt.Sprintf("%s is %d", f.Name, f.Value))
	}
	if saw != nil {
		s += ", since " + strings.Join(saw, " and ")
	}
	return s
}

func lock(e *Event) string {
	s := fmt.Sprintf("%s takes %s", e.who(), e.Object)
	if e.Op == "down_read" {
		s += " for reading"
	}
	return s
}

func wait(e *Event) string {
	if e.Object.Kind != "lock" {
		return fmt.Sprintf("%s waits for %s", e.who(), e.Object)
	}
	s := fmt.Sprintf("%s waits for %s", e.who(), e.Object)
	if e.Other.ID != 0 {
		s += fmt.Sprintf(", which %s holds", e.Other)
	}
	return s
}

func wake(e *Event) string {
	if e.Fact("early") == 0 {
		return e.who() + " wakes up"
	}
	if e.Text != "" {
		return fmt.Sprintf("%s is woken early, by %s", e.who(), e.Text)
	}
	return e.who() + " is woken early"
}

func count(e *Event) string {
	old, now := e.Changed("n")
	what := "counts one mapping more that may become writable"
	switch {
	case strings.HasPrefix(now, "-"):
		what = "denies new mappings that could write"
	case strings.HasPrefix(old, "-"):
		what = "allows mappings that could write again"
	case e.Fact("by") < 0:
		what = "counts one mapping less that may become writable"
	}
	return fmt.Sprintf("%s %s: %s %s → %s", e.who(), what, e.Object, or(old, "0"), or(now, "0"))
}

func scan(e *Event) string {
	n := e.Fact("scan")
	if e.Fact("tagged") == 0 {
		if n == 1 {
			return fmt.Sprintf("%s finds no page of %s tagged: nobody to wait for", e.who(), e.Object)
		}
		return fmt.Sprintf("%s finds no page of %s tagged any more", e.who(), e.Object)
	}
	return fmt.Sprintf("%s finds tagged pages of %s: scan %d of 5 begins", e.who(), e.Object, n)
}

func look(e *Event) string {
	refs, maps, cache := e.Fact("refs"), e.Fact("maps"), e.Fact("cache")
	s := fmt.Sprintf("%s looks at %s: %s", e.who(), e.Object, number(refs, "reference", "references"))
	s += fmt.Sprintf(", and %d expected (page cache %d, page tables %d)", cache+maps, cache, maps)
	switch extra := refs - maps - cache; {
	case extra > 0:
		s += fmt.Sprintf(", so %d too many", extra)
	case extra < 0:
		s += fmt.Sprintf(", so %d too few", -extra)
	default:
		s += ", none too many"
	}
	return s
}

func number(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func references(verb, to string) func(*Event) string {
	return func(e *Event) string {
		old, now := e.Changed("refs")
		n := e.Fact("n")
		what := "a reference"
		if n != 1 {
			what = fmt.Sprintf("%d references", n)
		}
		return fmt.Sprintf("%s %s %s %s %s: %s → %s", e.who(), verb, what, to, e.Object, or(old, "0"), or(now, "0"))
	}
}

func holding(e *Event, verb string) string {
	s := fmt.Sprintf("%s %s a reference to %s", e.Other, verb, e.Object)
	if e.Text != "" {
		s += " (" + e.Text + ")"
	}
	return s
}

func cache(e *Event) string {
	switch {
	case e.Fact("enters") == 1:
		return fmt.Sprintf("%s enters the page cache", e.Object)
	case e.Text != "":
		return fmt.Sprintf("%s leaves the page cache for %s", e.Object, e.Text)
	}
	return fmt.Sprintf("%s leaves the page cache", e.Object)
}

func seal(e *Event) string {
	old, now := e.Changed("seals")
	if old == now {
		return fmt.Sprintf("%s adds no seal to %s that it has not", e.who(), e.Object)
	}
	return fmt.Sprintf("%s seals %s: %s → %s", e.who(), e.Object, or(old, "no seals"), now)
}

func size(e *Event) string {
	old, now := e.Changed("size")
	if old == now {
		return fmt.Sprintf("%s keeps its size", e.Object)
	}
	return fmt.Sprintf("%s changes its size: %s → %s bytes", e.Object, or(old, "0"), or(now, "0"))
}

func mapped(e *Event) string {
	verb := "maps"
	switch {
	case e.Fact("gone") == 1:
		verb = "unmaps"
	case e.Fact("changed") == 1:
		verb = "changes a mapping to"
	}
	s := fmt.Sprintf("%s %s %s", e.who(), verb, e.Text)
	if e.Other.ID != 0 {
		s += " of " + e.Other.String()
	}
	if e.Object.Name == NewMemory {
		s += " for a new process"
	}
	return s
}

// NewMemory is the name of memory that a fork is filling: nobody runs in it yet.
const NewMemory = "the memory of a new process"

func descriptor(e *Event) string {
	if e.Fact("closed") == 1 {
		return fmt.Sprintf("descriptor %d no longer is %s", e.Fact("fd"), e.Other)
	}
	return fmt.Sprintf("descriptor %d now is %s", e.Fact("fd"), e.Other)
}

func set(e *Event) string {
	var parts []string
	for _, c := range e.Changes {
		parts = append(parts, fmt.Sprintf("%s %s → %s", c.Field, or(c.Old, "nothing"), or(c.New, "nothing")))
	}
	return fmt.Sprintf("%s: %s of %s: %s", e.who(), e.Op, e.Object, strings.Join(parts, ", "))
}
