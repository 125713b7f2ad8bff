package sched

// Request is an operation that a task wants to do next.
type Request struct {
	Op  *Info
	ID  ID  // the object
	At  ID  // of a Look: the object that it looks at; 0 for none
	Arg any // comparable
	// Waits says that the operation cannot always be done.
	Waits bool
	// Do does the operation on an object of the right type. ok says whether it
	// could be done; if not, nothing has changed. at is nil but for a Look.
	Do func(o, at Object) (result any, ok bool)
}

// Player stands for the world while a task is rehearsed: see [Sched.Rehearse].
// Its answers must be of the type that the operation gives.
type Player interface {
	// Do answers an operation.
	Do(t *Task, r Request) any
	// Choose answers a choice with a number from 0 to n-1.
	Choose(t *Task, n int, what string) int
	// New names a new object; no task has that name for another object that is
	// still there.
	New(t *Task, o Object) ID
	// Free takes an object away.
	Free(t *Task, id ID)
	// Mark and Forget are what the task's methods of that name say.
	Mark(t *Task) Mark
	Forget(t *Task, since Mark, live any)
}

// Role is what a task is made from.
type Role struct {
	Name  string
	Num   int
	CPU   int
	Sleep ID
	Body  func(*Task)
}

// Rehearse runs a task alone, on the caller's stack and without a step of the
// machine: every operation is answered by p. It returns the task as it was when
// its body returned, or when p ended it with [Task.Cut].
func (s *Sched) Rehearse(r Role, p Player) (t *Task) {
	t = &Task{Num: r.Num, Name: r.Name, CPU: r.CPU, Sleep: r.Sleep, s: s, player: p}
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(errAbort); !ok {
				panic(e)
			}
		}
	}()
	r.Body(t)
	t.state = Done
	return t
}

// Cut ends a task that is rehearsed. It does not return.
func (t *Task) Cut() { panic(errAbort{}) }

// Mark is a moment in a task's life.
type Mark struct{ N int32 }

// Mark returns the present moment, for Forget.
func (t *Task) Mark() Mark {
	if t.player == nil {
		return Mark{}
	}
	return t.player.Mark(t)
}

// Forget says that of all that the task has observed since a moment, only live (a
// comparable value) matters from now on. It changes nothing in a run. A search
// takes two lives that differ in what is forgotten for one, so a loop that says
// so at its head is gone through once and not once for each history.
//
// It is sound only if every variable that is set after the moment and read after
// this call can be told from live.
func (t *Task) Forget(since Mark, live any) {
	if t.player != nil {
		t.player.Forget(t, since, live)
	}
}

// ask is On for a task that is rehearsed.
func (op *Op[T, A, R]) ask(t *Task, id ID, arg A) R {
	return t.player.Do(t, Request{Op: &op.Info, ID: id, Arg: arg, Waits: false, Do: func(o, _ Object) (any, bool) {
		return op.do(o.(any).(*T), arg), true
	}}).(R)
}

// ask is On for a task that is rehearsed.
func (op *Wait[T, A, R]) ask(t *Task, id ID, arg A) R {
	return t.player.Do(t, Request{Op: &op.Info, ID: id, Arg: arg, Waits: true, Do: func(o, _ Object) (any, bool) {
		r, ok := op.try(o.(any).(*T), arg)
		return r, ok
	}}).(R)
}

// tried is what Try observes.
type tried[R comparable] struct {
	r  R
	ok bool
}

// askTry is Try for a task that is rehearsed.
func (op *Wait[T, A, R]) askTry(t *Task, id ID, arg A) (R, bool) {
	x := t.player.Do(t, Request{Op: &op.Info, ID: id, Arg: arg, Waits: false, Do: func(o, _ Object) (any, bool) {
		r, ok := op.try(o.(any).(*T), arg)
		return tried[R]{r, ok}, true
	}}).(tried[R])
	return x.r, x.ok
}

// ask is On for a task that is rehearsed.
func (op *Look[T, U, A, R]) ask(t *Task, id, at ID, arg A) R {
	return t.player.Do(t, Request{Op: &op.Info, ID: id, At: at, Arg: arg, Do: func(o, at Object) (any, bool) {
		return op.do(o.(any).(*T), at.(any).(*U), arg), true
	}}).(R)
}
