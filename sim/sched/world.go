package sched

import "fmt"

// ID names an object in a World. The zero ID names nothing.
type ID uint32

// Object is a piece of shared state. Objects refer to each other by ID only.
type Object interface {
	// Clone returns an independent copy.
	Clone() Object
	// Encode appends a canonical encoding: equal states give equal bytes,
	// whatever their history. What only a person needs (which log line made a
	// mapping) is left out.
	Encode(dst []byte) []byte
}

// slot is one place of the World.
type slot struct {
	obj     Object
	waiters []*Task // tasks whose operation on this object could not be done yet
}

// World holds every shared object of a simulated machine.
type World struct {
	slots []slot
	free  []ID
}

// NewWorld returns an empty world.
func NewWorld() *World { return &World{slots: make([]slot, 1, 64)} }

// Add puts an object in the world and returns its name. Names of removed
// objects are used again, last removed first.
func (w *World) Add(o Object) ID {
	if n := len(w.free); n > 0 {
		id := w.free[n-1]
		w.free = w.free[:n-1]
		w.slots[id].obj = o
		return id
	}
	w.slots = append(w.slots, slot{obj: o})
	return ID(len(w.slots) - 1)
}

// Put puts an object at a name of the caller's choice, or with nil takes it away.
// It is for who puts a world together from parts, and makes no tasks in it.
func (w *World) Put(id ID, o Object) {
	for int(id) >= len(w.slots) {
		w.slots = append(w.slots, slot{})
	}
	w.slots[id].obj = o
}

// Remove takes an object out of the world.
func (w *World) Remove(id ID) {
	sl := &w.slots[id]
	if sl.obj == nil {
		panic(fmt.Sprintf("sched: object %d removed twice", id))
	}
	if len(sl.waiters) > 0 {
		panic(fmt.Sprintf("sched: object %d removed while %s waits for it", id, sl.waiters[0].Name))
	}
	sl.obj = nil
	w.free = append(w.free, id)
}

// Object returns the object of that name, or nil. It is for drivers, checkers
// and explanations, which look at a world that stands still; a task uses an Op.
func (w *World) Object(id ID) Object {
	if int(id) >= len(w.slots) {
		return nil
	}
	return w.slots[id].obj
}

// Len returns the number of names given out so far, including removed ones.
// Every object's ID is below it.
func (w *World) Len() int { return len(w.slots) }

// Each visits all objects in order of their IDs.
func (w *World) Each(visit func(ID, Object)) {
	for i := range w.slots {
		if o := w.slots[i].obj; o != nil {
			visit(ID(i), o)
		}
	}
}

// Clone returns an independent copy of the world. No task may be waiting in it:
// a task's stack cannot be copied.
func (w *World) Clone() *World {
	c := &World{slots: make([]slot, len(w.slots)), free: append([]ID(nil), w.free...)}
	for i := range w.slots {
		if o := w.slots[i].obj; o != nil {
			c.slots[i].obj = o.Clone()
		}
	}
	return c
}

// Encode appends the canonical encoding of all objects in order of their IDs.
func (w *World) Encode(dst []byte) []byte {
	for i := range w.slots {
		if o := w.slots[i].obj; o != nil {
			dst = append(dst, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
			dst = o.Encode(dst)
		}
	}
	return dst
}

// Peek returns the object of that name as a *T, or nil when it is not one. Like
// World.Object it is for looking at a world that stands still.
func Peek[T any](w *World, id ID) *T {
	o, _ := any(w.Object(id)).(*T) // nil for no object
	return o
}
