package sched

// Access says how an operation touches its object.
type Access uint8

const (
	Read  Access = iota // leaves the object as it is
	Write               // may change it
	Add                 // adds to a number without looking at it: two of them commute
)

func (a Access) String() string { return [...]string{"reads", "writes", "adds to"}[a] }

// Info is what a driver may know of an operation.
type Info struct {
	Name   string // the kernel's word, such as "mapping_deny_writable"
	Access Access
	// Rest says that who waits for it for ever has nothing left to do.
	Rest bool
	key  uint64 // a hash of the name, which is the same in every program
}

func newInfo(name string, access Access) Info {
	key := uint64(0xcbf29ce484222325) // FNV-1a
	for _, c := range []byte(name) {
		key = (key ^ uint64(c)) * 0x100000001b3
	}
	return Info{Name: name, Access: access, key: key}
}

// Op is an operation that can always be done: it takes an argument of type A to
// an object of type T and gives back an R. Make one with NewOp, as a package
// variable.
type Op[T any, A, R comparable] struct {
	Info
	do func(*T, A) R
}

// NewOp makes an operation from its effect. do must not keep the pointer.
func NewOp[T any, A, R comparable](name string, access Access, do func(*T, A) R) *Op[T, A, R] {
	return &Op[T, A, R]{newInfo(name, access), do}
}

// On is one step of task t: others may go first, then the operation is done on
// the object of that name.
func (op *Op[T, A, R]) On(t *Task, id ID, arg A) R {
	if t.player != nil {
		return op.ask(t, id, arg)
	}
	t.point(&op.Info, id)
	sl := &t.s.world.slots[id]
	r := op.do(sl.obj.(any).(*T), arg)
	if len(sl.waiters) > 0 && op.Access != Read {
		t.s.wake(sl)
	}
	if t.s.observer != nil {
		t.s.observer.Step(t, &op.Info, id, arg, r)
	}
	return r
}

// Wait is an operation that may have to wait: its effect says whether it could
// be done, and changes nothing when it could not.
type Wait[T any, A, R comparable] struct {
	Info
	try func(*T, A) (R, bool)
}

// NewWait makes a waiting operation from its effect.
func NewWait[T any, A, R comparable](name string, access Access, try func(*T, A) (R, bool)) *Wait[T, A, R] {
	return &Wait[T, A, R]{newInfo(name, access), try}
}

// AtRest says that a task that waits for this for ever has nothing left to do.
func (op *Wait[T, A, R]) AtRest() *Wait[T, A, R] {
	op.Rest = true
	return op
}

// On is one step of task t, taken as soon as it can be. While it cannot, the
// task waits for the object to change.
func (op *Wait[T, A, R]) On(t *Task, id ID, arg A) R {
	if t.player != nil {
		return op.ask(t, id, arg)
	}
	t.point(&op.Info, id)
	for {
		sl := &t.s.world.slots[id]
		r, ok := op.try(sl.obj.(any).(*T), arg)
		if ok {
			if len(sl.waiters) > 0 && op.Access != Read {
				t.s.wake(sl)
			}
			if t.s.observer != nil {
				t.s.observer.Step(t, &op.Info, id, arg, r)
			}
			return r
		}
		t.waitFor(&op.Info, id)
	}
}

// Try does a waiting operation if it can be done now, and says whether it was.
func (op *Wait[T, A, R]) Try(t *Task, id ID, arg A) (R, bool) {
	if t.player != nil {
		return op.askTry(t, id, arg)
	}
	t.point(&op.Info, id)
	sl := &t.s.world.slots[id]
	r, ok := op.try(sl.obj.(any).(*T), arg)
	if ok && len(sl.waiters) > 0 && op.Access != Read {
		t.s.wake(sl)
	}
	if ok && t.s.observer != nil {
		t.s.observer.Step(t, &op.Info, id, arg, r)
	}
	return r, ok
}

// Look is an operation on an object of type T that looks at one of type U in the
// same moment. The kernel has few such; what only watches it has more.
type Look[T, U any, A, R comparable] struct {
	Info
	do func(*T, *U, A) R
}

// NewLook makes such an operation from its effect, which leaves the second object
// as it is. access says what it does to the first.
func NewLook[T, U any, A, R comparable](name string, access Access, do func(*T, *U, A) R) *Look[T, U, A, R] {
	return &Look[T, U, A, R]{newInfo(name, access), do}
}

// On is one step of task t, on the object id with a look at the object at.
func (op *Look[T, U, A, R]) On(t *Task, id, at ID, arg A) R {
	if t.player != nil {
		return op.ask(t, id, at, arg)
	}
	t.point(&op.Info, id)
	sl := &t.s.world.slots[id]
	r := op.do(sl.obj.(any).(*T), t.s.world.slots[at].obj.(any).(*U), arg)
	if len(sl.waiters) > 0 && op.Access != Read {
		t.s.wake(sl)
	}
	if t.s.observer != nil {
		t.s.observer.Step(t, &op.Info, id, arg, r)
	}
	return r
}

// None is the argument or result of an operation that has none.
type None struct{}

// New puts a new object in the world. Nobody else can know its name yet, so it
// is not a step.
func New(t *Task, o Object) ID {
	if t.player != nil {
		return t.player.New(t, o)
	}
	id := t.s.world.Add(o)
	if t.s.watcher != nil {
		t.s.watcher.Made(t, id)
	}
	return id
}

// Free takes an object that nobody refers to any more out of the world.
func Free(t *Task, id ID) {
	if t.player != nil {
		t.player.Free(t, id)
		return
	}
	if t.s.watcher != nil {
		t.s.watcher.Freed(t, id)
	}
	t.s.world.Remove(id)
}
