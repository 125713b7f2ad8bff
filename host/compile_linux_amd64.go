package host

import (
	"fmt"

	"sealab/scenario"
	"sealab/sim/abi"
)

// image is a program as the helper gets it, and what is needed to print what came of it.
type image struct {
	ops     []op
	data    []byte
	ranges  []span // parts of data that are wanted back
	threads []span // the main task, and those that share everything with it
	named   bool   // there are such
	looker  looker
	// namespaced says that it runs in a pid namespace of its own.
	namespaced bool
	flags      int
	calls      []*call
	syms       map[string]sym
	skipped    []string
}

// call is a line of the program and its instruction.
type call struct {
	ev   *scenario.Event
	op   int // -1 while it is not compiled
	outs []filled

	stored uint64    // the address at which it stores descriptors, 0 if it does not
	got    *received // of recvmsg
}

// filled is an argument that shows what a call has filled.
type filled struct {
	arg  *scenario.Arg // of ev.Args or ev.Nodes
	what int           // index in image.ranges
	size int64         // of the buffer, in bytes; 0 for a descriptor
}

// compiler makes an image.
type compiler struct {
	image
	out  int64            // bytes of the buffers that calls fill
	tids map[int64]uint16 // the register that holds the pid which the text calls so
	// point is the meeting point that is next; the first are used for the start of the run.
	point uint64
}

// sym is a name that was given to a result.
type sym struct {
	reg  uint16
	what meaning
}

// meaning is what a result is, for printing it and for being careful with it.
type meaning uint8

const (
	isNumber meaning = iota
	isAddress
	isPid
)

// meanings are the calls whose result is not just a number.
var meanings = map[string]meaning{
	"mmap": isAddress, "mremap": isAddress,
	"fork": isPid, "clone": isPid, "clone3": isPid, "getpid": isPid, "gettid": isPid,
}

// operand is a number, plus the result of an instruction.
type operand struct {
	num uint64
	reg uint16
}

// skip is why a line cannot be run.
type skip struct{ why string }

func (s *skip) Error() string { return s.why }

func skipf(format string, args ...any) error { return &skip{fmt.Sprintf(format, args...)} }

// emit appends an instruction.
func (c *compiler) emit(code code, args ...operand) int {
	o := op{code: code}
	for i, a := range args {
		o.arg[i], o.reg[i] = a.num, a.reg
	}
	c.ops = append(c.ops, o)
	return len(c.ops) - 1
}

func num(v uint64) operand { return operand{num: v} }

// room reserves n bytes of buffers and returns their address.
func (c *compiler) room(n int64) (at uint64, err error) {
	start := (len(c.data) + 15) &^ 15
	if n < 0 || int64(start)+n > maxData/2 {
		return 0, skipf("a buffer of %d bytes", n)
	}
	c.data = append(c.data, make([]byte, start+int(n)-len(c.data))...)
	return boardData + uint64(start), nil
}

// space reserves n bytes that calls fill, in the second half of the buffers, which is not sent.
func (c *compiler) space(n int64) (at uint64, err error) {
	start := (c.out + 15) &^ 15
	if n < 0 || start+n > maxData/2 {
		return 0, skipf("a buffer of %d bytes", n)
	}
	c.out = start + n
	return boardData + uint64(maxData/2+start), nil
}

// bytes is the part of the buffers at an address.
func (c *compiler) bytes(at uint64) []byte { return c.data[at-boardData:] }

// compileCall appends the instructions of a line.
func (c *compiler) compileCall(k *call) error {
	e := k.ev
	switch e.Name {
	case "fork", "clone", "clone3", "vfork":
		return c.compileFork(k)
	case "load", "store":
		return c.compileTouch(k)
	}
	sh, ok := shapes[e.Name]
	if !ok {
		return skipf("%s is not a call that is made on the host", e.Name)
	}
	if e.Truncated || e.Detached {
		return skipf("its arguments are not all there")
	}
	if err := c.allowed(e); err != nil {
		return err
	}
	before := len(c.ops)
	args := make([]operand, 0, 6)
	from := 0 // argument of the line
	for i := range len(sh.args) {
		if sh.args[i] == 'h' {
			args = append(args, operand{})
			continue
		}
		a, err := c.argument(k, sh.args[i], from)
		if err != nil {
			c.ops = c.ops[:before]
			return err
		}
		args = append(args, a)
		from++
	}
	k.op = c.emit(opCall, args...)
	c.ops[k.op].nr = sh.nr
	if e.Name == "kill" {
		c.ops[k.op].code = opKill
	}
	c.bind(k)
	return nil
}

// bind notes the names that a line gives to its results.
func (c *compiler) bind(k *call) {
	e := k.ev
	reg := uint16(k.op + 1)
	if e.Target != "" {
		c.syms[e.Target] = sym{reg, meanings[e.Name]}
	}
	switch e.Name {
	case "pipe", "pipe2":
		k.stored = c.ops[k.op].arg[0]
	case "socketpair":
		k.stored = c.ops[k.op].arg[3]
	case "getpid", "gettid":
		if e.Ret.HasRet && e.Ret.Known {
			c.tids[e.Ret.Value] = reg
		}
	}
	if k.stored != 0 {
		c.bindStored(k)
	}
}

// bindStored loads the descriptors that a call has stored.
func (c *compiler) bindStored(k *call) {
	arg := k.ev.Stored()
	if arg == nil {
		return
	}
	at := k.stored
	for el := range k.ev.Children(arg) {
		reg := c.emit(opLoad, num(at))
		k.outs = append(k.outs, filled{arg: el, what: c.want(at, 4)})
		if !el.Known() {
			c.syms[string(el.Text)] = sym{reg: uint16(reg + 1)}
		}
		at += 4
	}
}

// want asks for n bytes at an address to be sent back.
func (c *compiler) want(at uint64, n int64) int {
	start := int64(at - boardData)
	c.ranges = append(c.ranges, span{start, start + n})
	return len(c.ranges) - 1
}

// argument compiles argument i of the line.
func (c *compiler) argument(k *call, kind byte, i int) (operand, error) {
	a := k.ev.Arg(i)
	if a == nil {
		if kind == 'n' {
			return operand{}, nil
		}
		return operand{}, skipf("argument %d is missing", i+1)
	}
	switch kind {
	case 'n':
		return c.value(k.ev, a)
	case 's':
		return c.text(a)
	case 'b', 'B':
		return c.buffer(k, a, i, kind == 'B')
	case 'v', 'V':
		return c.vector(k, a, kind == 'V')
	case 'm', 'M':
		return c.message(k, a, kind == 'M')
	case 'u':
		return c.udmabuf(k, a)
	case 'o':
		return c.offset(k.ev, a)
	case 'p':
		at, err := c.room(8)
		if err == nil {
			copy(c.bytes(at), "\xff\xff\xff\xff\xff\xff\xff\xff")
		}
		return num(at), err
	}
	at, err := c.room(256)
	return num(at), err
}

// value compiles a number, a name, or m0+4096 and its like.
func (c *compiler) value(e *scenario.Event, a *scenario.Arg) (operand, error) {
	switch {
	case a.Kind == scenario.Null:
		return operand{}, nil
	case a.Known():
		return num(uint64(a.Num)), nil
	case a.Kind == scenario.Symbol || a.Kind == scenario.Ident:
		if s, ok := c.syms[string(a.Text)]; ok {
			return operand{reg: s.reg}, nil
		}
		return operand{}, skipf("%s is not known here", a.Text)
	case a.Kind != scenario.Expr:
		return operand{}, skipf("%s is not a number", e.AppendArg(nil, a))
	}
	var sum operand
	for t := range e.Children(a) {
		v, err := c.value(e, t)
		switch {
		case err != nil:
			return sum, err
		case t.Op == scenario.OpNone:
			sum = v
		case t.Op == scenario.OpAdd && sum.reg*v.reg == 0:
			sum.num, sum.reg = sum.num+v.num, sum.reg+v.reg
		case t.Op == scenario.OpSub && v.reg == 0:
			sum.num -= v.num
		case t.Op == scenario.OpMul && sum.reg == 0 && v.reg == 0:
			sum.num *= v.num
		default:
			return sum, skipf("%s cannot be worked out on the host", e.AppendArg(nil, a))
		}
	}
	return sum, nil
}

// text compiles a string.
func (c *compiler) text(a *scenario.Arg) (operand, error) {
	if a.Kind == scenario.Null {
		return operand{}, nil
	}
	if a.Kind != scenario.String || a.Truncated() {
		return operand{}, skipf("a string that is not all there")
	}
	s := a.Decode(nil)
	at, err := c.room(int64(len(s)) + 1)
	if err == nil {
		copy(c.bytes(at), s)
	}
	return num(at), err
}

// shown is how many bytes of a buffer strace prints.
const shown = 32

// buffer compiles a buffer whose length is the next argument. Where the text shows only how it
// begins, it goes on in the same way.
func (c *compiler) buffer(k *call, a *scenario.Arg, i int, fill bool) (operand, error) {
	if a.Kind != scenario.String && a.Kind != scenario.Unknown {
		return c.value(k.ev, a)
	}
	n, err := c.value(k.ev, k.ev.Arg(i+1))
	if err != nil {
		return operand{}, err
	}
	size := int64(n.num)
	if size < 0 || size > maxData/4 || n.reg != 0 {
		size = 1 << 16 // far too long to be meant: the kernel stops where our memory ends
	}
	room := c.room
	if fill {
		room = c.space
	}
	at, err := room(size)
	if err != nil {
		return operand{}, err
	}
	if fill {
		k.outs = append(k.outs, filled{a, c.want(at, min(size, shown)), max(size, 1)})
		return num(at), nil
	}
	fillWith(c.bytes(at)[:size], a.Decode(nil))
	return num(at), nil
}

// fillWith repeats what is known of a buffer.
func fillWith(dst, what []byte) {
	for i := range dst {
		if len(what) > 0 {
			dst[i] = what[i%len(what)]
		}
	}
}

// vector compiles an array of struct iovec.
func (c *compiler) vector(k *call, a *scenario.Arg, fill bool) (operand, error) {
	if a.Kind != scenario.Array {
		return c.value(k.ev, a)
	}
	n := k.ev.NumChildren(a)
	at, err := c.room(int64(16 * max(n, 1)))
	if err != nil {
		return operand{}, err
	}
	i := uint64(0)
	for v := range k.ev.Children(a) {
		base, length := k.ev.Field(v, "iov_base"), k.ev.Field(v, "iov_len")
		if base == nil || length == nil {
			return operand{}, skipf("a vector that is not all there")
		}
		size, err := c.value(k.ev, length)
		if err != nil {
			return operand{}, err
		}
		addr, err := c.piece(k, base, size, fill)
		if err != nil {
			return operand{}, err
		}
		c.emit(opStore, num(at+16*i), addr)
		c.emit(opStore, num(at+16*i+8), size)
		i++
	}
	return num(at), nil
}

// piece compiles one buffer of a vector.
func (c *compiler) piece(k *call, base *scenario.Arg, size operand, fill bool) (operand, error) {
	if base.Kind != scenario.String && base.Kind != scenario.Unknown {
		return c.value(k.ev, base)
	}
	n := int64(size.num)
	if n < 0 || n > maxData/4 {
		n = 1 << 16
	}
	room := c.room
	if fill {
		room = c.space
	}
	at, err := room(n)
	if err != nil {
		return operand{}, err
	}
	if fill {
		k.outs = append(k.outs, filled{base, c.want(at, min(n, shown)), max(n, 1)})
	} else {
		fillWith(c.bytes(at)[:n], base.Decode(nil))
	}
	return num(at), nil
}

// offset compiles a pointer to an offset.
func (c *compiler) offset(e *scenario.Event, a *scenario.Arg) (operand, error) {
	if a.Kind == scenario.Null {
		return operand{}, nil
	}
	el := e.Elem(a, 0)
	if a.Kind != scenario.Array || el == nil {
		return operand{}, skipf("%s is not NULL or [offset]", e.AppendArg(nil, a))
	}
	v, err := c.value(e, el)
	if err != nil {
		return operand{}, err
	}
	at, err := c.room(8)
	c.emit(opStore, num(at), v)
	return num(at), err
}

// compileFork compiles a clone that makes a process of its own.
func (c *compiler) compileFork(k *call) error {
	flags := uint64(abi.SIGCHLD)
	for i := range k.ev.Args {
		if a := &k.ev.Args[i]; string(a.Name) == "flags" || a.Kind == scenario.Flags {
			flags = uint64(a.Num)
		}
	}
	if flags&(abi.CloneVm|abi.CloneVfork) != 0 || k.ev.Name == "vfork" {
		return skipf("a clone that shares memory is not made on the host; write the tasks with names (a: and b:)")
	}
	kept := uint64(abi.CloneFiles)
	if c.namespaced {
		kept |= abi.CloneNewpid
	} else if flags&abi.CloneNewpid != 0 {
		return skipf("a new pid namespace is made for scenarios only that ask for vm.memfd_noexec")
	}
	k.op = c.emit(opFork, num(flags&kept|uint64(abi.SIGCHLD)))
	c.bind(k)
	if k.ev.Ret.HasRet && k.ev.Ret.Known && k.ev.Ret.Value > 0 {
		c.tids[k.ev.Ret.Value] = uint16(k.op + 1)
	}
	return nil
}
