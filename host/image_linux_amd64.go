package host

import (
	"errors"
	"fmt"

	"sealab/scenario"
)

// strand is the calls of one task, in their order.
type strand struct {
	pid   int
	name  string // of a named task
	child bool   // named as the result of the fork that makes it
	lines []line
	start int // its instructions
	end   int
}

// line is one call of a strand.
type line struct {
	ev     *scenario.Event
	group  int   // of named tasks: which of the gatherings between two lines of the main task
	before int64 // the line of a log that this call began on
	after  int64 // the line it ended on
	gates  []uint64
	opens  []uint64
}

// compile makes the image of a program.
func compile(p *Program, pages int) (*image, error) {
	c := &compiler{
		image: image{syms: map[string]sym{}, looker: looker{pages: pages}},
		tids:  map[int64]uint16{}, point: firstPoint,
	}
	strands, err := split(p)
	if err != nil {
		return nil, err
	}
	named, err := shared(strands)
	if err != nil {
		return nil, err
	}
	c.namespaced = !named && needsNamespace(p)
	if !named {
		c.order(strands)
	}
	for i := range strands {
		s := &strands[i]
		s.start = len(c.ops)
		if named {
			err = c.threadStrand(strands, i)
		} else {
			err = c.strand(s)
		}
		if err != nil {
			return nil, err
		}
		s.end = len(c.ops)
		if len(c.ops) > maxOps-8 || c.point > maxFlags-8 {
			return nil, fmt.Errorf("%s is too long to be run on the host: more than %d steps", p.Name, maxOps)
		}
		if named || i == 0 {
			c.threads = append(c.threads, span{int64(s.start), int64(s.end)})
		}
	}
	c.named = named
	c.join(strands)
	c.flags = int(c.point)
	return &c.image, nil
}

// shared says whether there are named tasks that share everything with the main one.
func shared(strands []strand) (bool, error) {
	threads, children := 0, 0
	for _, s := range strands[1:] {
		switch {
		case s.child:
			children++
		case s.name != "":
			threads++
		}
	}
	if threads > 0 && children > 0 {
		return false, errors.New("named tasks that share memory and tasks that a fork makes are not run together")
	}
	return threads > 0, nil
}

// split sorts the lines by task; the main task is first.
func split(p *Program) ([]strand, error) {
	var out []strand
	index := map[int]int{}
	group := 0
	begun := map[int]int64{}
	forked := map[string]bool{}
	for _, e := range p.Events {
		switch e.Kind {
		case scenario.CallStart:
			begun[e.Pid] = e.Line
			continue
		case scenario.Call, scenario.CallEnd, scenario.CallLost:
		default:
			continue
		}
		if e.Target != "" && meanings[e.Name] == isPid {
			forked[e.Target] = true
		}
		i, ok := index[e.Pid]
		if !ok {
			if e.Task != "" && len(out) == 0 {
				out, index[0] = append(out, strand{}), 0 // a main task that makes no call
			}
			i = len(out)
			index[e.Pid] = i
			out = append(out, strand{pid: e.Pid, name: e.Task, child: forked[e.Task]})
		}
		l := line{ev: e, before: e.Line, after: e.Line}
		if b, ok := begun[e.Pid]; ok && e.Kind != scenario.Call {
			l.before = b
			delete(begun, e.Pid)
		}
		if i == 0 {
			group++
		}
		l.group = group
		out[i].lines = append(out[i].lines, l)
	}
	if len(out) > maxThreads {
		return nil, fmt.Errorf("more than %d tasks are not run on the host", maxThreads)
	}
	if len(out) == 0 {
		return nil, errors.New("there is no call to run")
	}
	return out, nil
}

// order makes the tasks of a log, and the main task and its children, keep the order of their
// lines: a call begins after those that had ended before it in other tasks.
func (c *compiler) order(strands []strand) {
	for i := range strands {
		for j := range strands[i].lines {
			l := &strands[i].lines[j]
			for k := range strands {
				if k == i || strands[k].child && strands[i].child {
					continue // written by hand, children run concurrently
				}
				last := lastBefore(strands[k].lines, l.before)
				if last != nil && !seen(strands[i].lines[:j], last.after) {
					last.opens = append(last.opens, c.point)
					l.gates = append(l.gates, c.point)
					c.point++
				}
			}
		}
	}
}

// lastBefore is the last of a task's calls that ended before a line.
func lastBefore(lines []line, at int64) *line {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].after < at {
			return &lines[i]
		}
	}
	return nil
}

// seen says whether one of the earlier calls of a task began after that line already.
func seen(earlier []line, after int64) bool {
	return len(earlier) > 0 && earlier[len(earlier)-1].before > after
}

// strand compiles the calls of a task of a log.
func (c *compiler) strand(s *strand) error {
	for _, l := range s.lines {
		for _, g := range l.gates {
			c.emit(opGate, num(g))
		}
		if err := c.line(l.ev); err != nil {
			return err
		}
		for _, o := range l.opens {
			c.emit(opOpen, num(o))
		}
	}
	return nil
}

// threadStrand compiles the calls of one of several tasks that share everything. The main task
// opens a gate for each gathering of the others, and waits until all have ended.
func (c *compiler) threadStrand(strands []strand, i int) error {
	if i == 0 {
		return c.mainStrand(strands)
	}
	last := -1
	for _, l := range strands[i].lines {
		if l.group != last {
			if last >= 0 {
				c.emit(opTick, num(c.pointOf(last, 2)))
			}
			last = l.group
			c.emit(opGate, num(c.pointOf(last, 0)))
			c.emit(opMeet, num(c.pointOf(last, 1)), num(uint64(members(strands, last))))
		}
		if err := c.line(l.ev); err != nil {
			return err
		}
	}
	c.emit(opTick, num(c.pointOf(last, 2)))
	return nil
}

func (c *compiler) mainStrand(strands []strand) error {
	gather := func(group int) {
		if n := members(strands, group); n > 0 {
			c.emit(opOpen, num(c.pointOf(group, 0)))
			c.emit(opCount, num(c.pointOf(group, 2)), num(uint64(n)))
		}
	}
	gather(0)
	for _, l := range strands[0].lines {
		if err := c.line(l.ev); err != nil {
			return err
		}
		gather(l.group)
	}
	return nil
}

// pointOf is a meeting point of a gathering: 0 its gate, 1 its start, 2 its end.
func (c *compiler) pointOf(group, what int) uint64 {
	p := uint64(firstPoint + 3*group + what)
	c.point = max(c.point, p+1)
	return min(p, maxFlags-1)
}

// members counts the named tasks of a gathering.
func members(strands []strand, group int) (n int) {
	for _, s := range strands[1:] {
		for _, l := range s.lines {
			if l.group == group {
				n++
				break
			}
		}
	}
	return n
}

// line compiles one call; one that may not be run is left out.
func (c *compiler) line(e *scenario.Event) error {
	k := &call{ev: clone(e), op: -1}
	if e.Style.Time == scenario.TimeMark {
		c.emit(opUntil, num(uint64(e.Time)))
	}
	err := c.compileCall(k)
	var left *skip
	switch {
	case errors.As(err, &left):
		c.skipped = append(c.skipped, fmt.Sprintf("line %d: %s: %s", e.Line, e.Name, left.why))
		return nil
	case err != nil:
		return err
	}
	c.calls = append(c.calls, k)
	return c.look(k)
}

// join points each fork at the instructions of the task that it made in the log.
func (c *compiler) join(strands []strand) {
	for _, k := range c.calls {
		if c.ops[k.op].code != opFork {
			continue
		}
		for _, s := range strands[1:] {
			if s.child && s.name == k.ev.Target || k.ev.Ret.HasRet && int64(s.pid) == k.ev.Ret.Value {
				c.ops[k.op].arg[1], c.ops[k.op].arg[2] = uint64(s.start), uint64(s.end)
			}
		}
	}
}
