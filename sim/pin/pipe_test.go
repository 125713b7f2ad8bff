package pin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

func TestPipeReadAndWrite(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		r, w := pin.NewPipe(t, abi.ONonblock)
		p := pipeOf(t, r)
		step := func(name string, want int64, wantErr error, got int64, err error) {
			require.Equal(tb, wantErr, err, name)
			require.Equal(tb, want, got, name)
		}
		n, err := pin.ReadPipe(t, p, 10, true)
		step("read empty", 0, abi.EAGAIN, n, err)
		n, err = pin.WritePipe(t, p, 0, true)
		step("write nothing", 0, nil, n, err)
		n, err = pin.ReadPipe(t, p, 0, true)
		step("read nothing", 0, nil, n, err)
		n, err = pin.WritePipe(t, p, 100, true)
		step("write", 100, nil, n, err)
		n, err = pin.WritePipe(t, p, 50, true)
		step("write more", 50, nil, n, err)
		require.Len(tb, buffers(t, r), 1, "it goes into the same page")
		n, err = pin.WritePipe(t, p, page, true)
		step("write a page", page, nil, n, err)
		require.Len(tb, buffers(t, r), 2)
		n, err = pin.ReadPipe(t, p, 120, true)
		step("read a part", 120, nil, n, err)
		n, err = pin.ReadPipe(t, p, 9*page, true)
		step("read the rest", page+30, nil, n, err)
		n, err = pin.WritePipe(t, p, 20*page, true)
		step("write too much", 16*page, nil, n, err)
		n, err = pin.WritePipe(t, p, 1, true)
		step("write to a full one", 0, abi.EAGAIN, n, err)

		require.EqualValues(tb, 16*page, pin.PipeSize(t, p))
		_, err = pin.ResizePipe(t, p, page)
		require.Equal(tb, abi.EBUSY, err)
		n, err = pin.ResizePipe(t, p, 17*page)
		step("make it larger", 32*page, nil, n, err)
		_, err = pin.ResizePipe(t, p, -1)
		require.Equal(tb, abi.EINVAL, err)

		inode.PutFile(t, w)
		n, err = pin.ReadPipe(t, p, 99*page, false)
		step("read what is left", 16*page, nil, n, err)
		n, err = pin.ReadPipe(t, p, 1, false)
		step("end of file", 0, nil, n, err)
		inode.PutFile(t, r)
	})
	run(tb, s, func(t *sched.Task) {
		r, w := pin.NewPipe(t, 0)
		p := pipeOf(t, r)
		_, err := pin.WritePipe(t, p, 1, false)
		require.NoError(tb, err)
		inode.PutFile(t, r)
		_, err = pin.WritePipe(t, p, 1, false)
		require.Equal(tb, abi.EPIPE, err, "though there is room in the last page")
		_, err = inode.Ops(inode.Pipe).Fault(t, 0, 0, false)
		require.Equal(tb, abi.EFAULT, err)
		require.Equal(tb, abi.EOPNOTSUPP, inode.Ops(inode.Pipe).Punch(t, w, 0, 1))
		inode.PutFile(t, w)
	})
}

// A reader waits for a writer, and a writer for room.
func TestPipeWaits(tb *testing.T) {
	s := machine(tb, "newest")
	var r, w sched.ID
	run(tb, s, func(t *sched.Task) { r, w = pin.NewPipe(t, 0) })
	var got []int64
	reader := s.Spawn("reader", func(t *sched.Task) {
		for {
			n, err := pin.ReadPipe(t, pipeOf(t, r), 10*page, false)
			require.NoError(tb, err)
			if n == 0 {
				return
			}
			got = append(got, n)
			t.Park()
		}
	})
	require.NoError(tb, s.Run())
	require.Equal(tb, sched.Waiting, reader.State())
	writer := s.Spawn("writer", func(t *sched.Task) {
		n, err := pin.WritePipe(t, pipeOf(t, w), 20*page, false)
		require.NoError(tb, err)
		require.EqualValues(tb, 20*page, n)
		inode.PutFile(t, w)
	})
	require.NoError(tb, s.Run())
	require.Equal(tb, sched.Done, writer.State(), "the reader has made room meanwhile")
	for range 3 {
		s.Start(reader)
		require.NoError(tb, s.Run())
	}
	require.Equal(tb, sched.Done, reader.State())
	require.Equal(tb, []int64{10 * page, 10 * page}, got)
}

// Whoever waits for a pipe can be killed, and leaves no lock and no waiter behind.
func TestKilledAtAPipe(tb *testing.T) {
	for name, c := range map[string]struct {
		full bool // the pipe, before the call
		call func(t *sched.Task, r, w, file, other sched.ID) (int64, error)
	}{
		"read": {false, func(t *sched.Task, r, _, _, _ sched.ID) (int64, error) {
			return pin.ReadPipe(t, pipeOf(t, r), 1, false)
		}},
		"write": {true, func(t *sched.Task, _, w, _, _ sched.ID) (int64, error) {
			return pin.WritePipe(t, pipeOf(t, w), 1, false)
		}},
		"splice into": {true, func(t *sched.Task, _, w, file, _ sched.ID) (int64, error) {
			return pin.Splice(t, file, 0, w, -1, page, 0)
		}},
		"splice out of": {false, func(t *sched.Task, r, _, file, _ sched.ID) (int64, error) {
			return pin.Splice(t, r, -1, file, 0, page, 0)
		}},
		"splice between": {false, func(t *sched.Task, r, _, _, other sched.ID) (int64, error) {
			return pin.Splice(t, r, -1, other, -1, page, 0)
		}},
		"tee": {false, func(t *sched.Task, r, _, _, other sched.ID) (int64, error) { return pin.Tee(t, r, other, page, 0) }},
	} {
		tb.Run(name, func(tb *testing.T) {
			s := machine(tb, "newest")
			var r, w, file, other sched.ID
			run(tb, s, func(t *sched.Task) {
				r, w = pin.NewPipe(t, 0)
				_, other = pin.NewPipe(t, 0)
				file = newFile(t, page)
				if c.full {
					_, err := pin.WritePipe(t, pipeOf(t, w), 16*page, false)
					require.NoError(tb, err)
				}
			})
			err := error(nil)
			waits := s.Spawn("waits", func(t *sched.Task) { _, err = c.call(t, r, w, file, other) })
			require.NoError(tb, s.Run())
			require.Equal(tb, sched.Waiting, waits.State())
			s.Signal(waits, int(abi.SIGKILL), true)
			require.NoError(tb, s.Run())
			require.Equal(tb, sched.Done, waits.State())
			require.Equal(tb, abi.ERESTARTSYS, err)
			run(tb, s, func(t *sched.Task) {
				_, err := pin.ResizePipe(t, pipeOf(t, r), 32*page)
				require.NoError(tb, err, "its lock is free")
				q := sched.Peek[pin.Pipe](s.World(), pipeOf(t, r)).Wait
				require.Empty(tb, sched.Peek[sched.WaitQueue](s.World(), q).Waiters)
			})
		})
	}
}

func TestCopies(tb *testing.T) {
	p := &pin.Pipe{Bufs: []pin.Buf{{Folio: 1, Len: 5}}, Slots: 16}
	for name, change := range map[string]func(*pin.Pipe){
		"bytes": func(p *pin.Pipe) { p.Bufs[0].Len++ }, "offset": func(p *pin.Pipe) { p.Bufs[0].Off++ },
		"folio": func(p *pin.Pipe) { p.Bufs[0].Folio++ }, "merge": func(p *pin.Pipe) { p.Bufs[0].Merge = true },
		"kind": func(p *pin.Pipe) { p.Bufs[0].Kind++ }, "slots": func(p *pin.Pipe) { p.Slots++ },
		"readers": func(p *pin.Pipe) { p.Readers++ }, "writers": func(p *pin.Pipe) { p.Writers++ },
	} {
		c := p.Clone().(*pin.Pipe)
		require.Equal(tb, p.Encode(nil), c.Encode(nil))
		change(c)
		require.NotEqual(tb, p.Encode(nil), c.Encode(nil), name)
	}
	r := &pin.Ring{Fixed: []pin.Fixed{{Folio: 1, Refs: 1}}}
	for name, change := range map[string]func(*pin.Ring){
		"folio": func(r *pin.Ring) { r.Fixed[0].Folio++ }, "refs": func(r *pin.Ring) { r.Fixed[0].Refs++ },
		"registered": func(r *pin.Ring) { r.Registered = true }, "closed": func(r *pin.Ring) { r.Closed = true },
	} {
		c := r.Clone().(*pin.Ring)
		require.Equal(tb, r.Encode(nil), c.Encode(nil))
		change(c)
		require.NotEqual(tb, r.Encode(nil), c.Encode(nil), name)
	}
	f := &pin.InFlight{Folios: []sched.ID{1}, Refs: 1}
	c := f.Clone().(*pin.InFlight)
	c.Folios[0]++
	require.NotEqual(tb, f.Encode(nil), c.Encode(nil))
}

func TestKinds(tb *testing.T) {
	for k := pin.KindSplice; k <= pin.KindInFlight; k++ {
		require.NotEmpty(tb, k.String())
		require.NotEmpty(tb, k.LetGo())
	}
	require.Contains(tb, pin.KindTee.LetGo(), "pipe")
	require.Contains(tb, pin.KindFixedClosed.LetGo(), "before you close")
}
