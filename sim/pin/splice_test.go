package pin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

const nonblock = abi.SpliceFNonblock

// Each buffer of a pipe holds a reference, for as long as any byte of it is unread.
func TestSpliceHoldsPages(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		f := newFile(t, 2*page)
		r, w := pin.NewPipe(t, 0)
		n, err := pin.Splice(t, f, 100, w, -1, page, 0)
		require.NoError(tb, err)
		require.EqualValues(tb, page, n)
		require.EqualValues(tb, 1, extra(t, f, 0))
		require.EqualValues(tb, 1, extra(t, f, 1))
		kinds, refs := holders(s, pageOf(t, f, 1))
		require.Equal(tb, []pin.Kind{pin.KindSplice}, kinds)
		require.EqualValues(tb, 1, refs)

		_, err = pin.ReadPipe(t, pipeOf(t, r), page-100, false)
		require.NoError(tb, err)
		require.Zero(tb, extra(t, f, 0))
		require.EqualValues(tb, 1, extra(t, f, 1), "100 bytes are unread")
		_, err = pin.ReadPipe(t, pipeOf(t, r), 1, false)
		require.NoError(tb, err)
		require.EqualValues(tb, 1, extra(t, f, 1))

		r2, w2 := pin.NewPipe(t, 0)
		n, err = pin.Tee(t, r, w2, 50, 0)
		require.NoError(tb, err)
		require.EqualValues(tb, 50, n)
		require.EqualValues(tb, 2, extra(t, f, 1), "the copy holds it too")
		inode.PutFile(t, r)
		inode.PutFile(t, w)
		require.EqualValues(tb, 1, extra(t, f, 1), "closing both ends lets go")
		inode.PutFile(t, r2)
		inode.PutFile(t, w2)
		require.Zero(tb, extra(t, f, 1))
	})
}

func TestSpliceMoves(tb *testing.T) {
	run(tb, machine(tb, "newest"), func(t *sched.Task) {
		f, g := newFile(t, 3*page), newFile(t, 0)
		r, w := pin.NewPipe(t, 0)
		r2, w2 := pin.NewPipe(t, 0)
		n, err := pin.Splice(t, f, -1, w, -1, 5*page, nonblock)
		require.NoError(tb, err)
		require.EqualValues(tb, 3*page, n, "up to the end of the file")
		require.EqualValues(tb, 3*page, inode.Pos(t, f), "the position moves")
		n, err = pin.Splice(t, f, -1, w, -1, page, nonblock)
		require.NoError(tb, err)
		require.Zero(tb, n)

		n, err = pin.Splice(t, r, -1, w2, -1, page+10, 0)
		require.NoError(tb, err)
		require.EqualValues(tb, page+10, n)
		require.EqualValues(tb, 1, extra(t, f, 0), "moved, not copied")
		require.EqualValues(tb, 2, extra(t, f, 1), "a part of it is in each")

		n, err = pin.Splice(t, r2, -1, g, 5, 9*page, 0)
		require.NoError(tb, err)
		require.EqualValues(tb, page+10, n, "copied into the file")
		require.EqualValues(tb, page+15, inode.Size(t, inode.FileOf(t, g).Inode))
		require.Zero(tb, extra(t, f, 0))
		n, err = pin.Splice(t, r, -1, g, -1, 9*page, 0)
		require.NoError(tb, err)
		require.EqualValues(tb, 2*page-10, n)
		require.EqualValues(tb, 2*page-10, inode.Pos(t, g))
		require.Zero(tb, extra(t, f, 2))
	})
}

// A hole of a file is zeros that nobody's page holds; kernels before 5.18 made a page
// of it, and held that.
func TestSpliceOfAHole(tb *testing.T) {
	for kernel, held := range map[string]bool{"newest": false, "5.10.223": true} {
		s := machine(tb, kernel)
		run(tb, s, func(t *sched.Task) {
			f := newFile(t, 0)
			inode.SetSize(t, inode.FileOf(t, f).Inode, page)
			r, w := pin.NewPipe(t, 0)
			n, err := pin.Splice(t, f, 0, w, -1, page, 0)
			require.NoError(tb, err)
			require.EqualValues(tb, page, n)
			require.Equal(tb, held, buffers(t, r)[0].Folio != 0, kernel)
			require.Equal(tb, held, tree(s, f).Nr > 0)
			r2, w2 := pin.NewPipe(t, 0)
			_, err = pin.Tee(t, r, w2, 10, 0)
			require.NoError(tb, err)
			require.Len(tb, buffers(t, r2), 1)
		})
	}
}

func TestSpliceRefusals(tb *testing.T) {
	run(tb, machine(tb, "newest"), func(t *sched.Task) {
		f := newFile(t, page)
		huge := inode.Open(t, inode.New(t, inode.Inode{Kind: inode.Hugetlb, Shift: 21, Size: 1 << 21}),
			inode.Readable|inode.Writable, abi.ORdwr)
		ap := inode.Open(t, inode.FileOf(t, f).Inode, inode.Writable, abi.OWronly|abi.OAppend)
		r, w := pin.NewPipe(t, 0)
		nr, nw := pin.NewPipe(t, abi.ONonblock)
		full, fullW := pin.NewPipe(t, 0)
		_, err := pin.WritePipe(t, pipeOf(t, full), 16*page, true)
		require.NoError(tb, err)
		_, deaf := pin.NewPipe(t, 0)
		pipe := pipeOf(t, deaf)
		for _, c := range []struct {
			name    string
			in      sched.ID
			offIn   int64
			out     sched.ID
			offOut  int64
			flags   int64
			want    error
			changed func()
		}{
			{"two files", f, 0, f, 0, 0, abi.EINVAL, nil},
			{"from the writing end", w, -1, f, 0, 0, abi.EBADF, nil},
			{"to the reading end", f, 0, r, -1, 0, abi.EBADF, nil},
			{"an offset for a pipe", r, 0, f, 0, 0, abi.ESPIPE, nil},
			{"an offset for a pipe, out", f, 0, w, 0, 0, abi.ESPIPE, nil},
			{"the same pipe", r, -1, w, -1, 0, abi.EINVAL, nil},
			{"huge pages", huge, 0, w, -1, 0, abi.EINVAL, nil},
			{"to huge pages", full, -1, huge, 0, 0, abi.EINVAL, nil},
			{"O_APPEND", full, -1, ap, -1, 0, abi.EINVAL, nil},
			{"too far", f, 1<<63 - 1, w, -1, 0, abi.EINVAL, nil},
			{"too far, out", full, -1, f, 1<<63 - 1, 0, abi.EINVAL, nil},
			{"full", f, 0, fullW, -1, nonblock, abi.EAGAIN, nil},
			{"empty", r, -1, f, 0, nonblock, abi.EAGAIN, nil},
			{"empty, O_NONBLOCK", nr, -1, f, 0, 0, abi.EAGAIN, nil},
			{"empty pipe to pipe, O_NONBLOCK of the other", r, -1, nw, -1, 0, abi.EAGAIN, nil},
			{"pipe to full pipe", nr, -1, fullW, -1, nonblock, abi.EAGAIN, nil},
		} {
			_, err := pin.Splice(t, c.in, c.offIn, c.out, c.offOut, 10, c.flags)
			require.Equal(tb, c.want, err, c.name)
			require.NotEmpty(tb, t.Refusal.Check, c.name)
		}
		require.Equal(tb, abi.EINVAL, pin.CheckFlags(t, 0x10))
		require.NoError(tb, pin.CheckFlags(t, 0xf))
		_, err = pin.Tee(t, r, f, 10, 0)
		require.Equal(tb, abi.EINVAL, err)
		_, err = pin.Tee(t, w, w, 10, 0)
		require.Equal(tb, abi.EBADF, err)
		_, err = pin.Tee(t, r, nw, 10, 0)
		require.Equal(tb, abi.EAGAIN, err)

		sched.Peek[pin.Pipe](t.Sched().World(), pipe).Readers = 0
		_, err = pin.Splice(t, f, 0, deaf, -1, 10, 0)
		require.Equal(tb, abi.EPIPE, err)
		inode.PutFile(t, w)
		n, err := pin.Splice(t, r, -1, f, 0, 10, 0)
		require.NoError(tb, err, "nobody will write: end of file")
		require.Zero(tb, n)
		n, err = pin.Splice(t, r, -1, fullW, -1, 10, 0)
		require.NoError(tb, err)
		require.Zero(tb, n)
	})
}

// Before 5.1 only the flag of the call kept splice from waiting.
func TestSpliceWaits(tb *testing.T) {
	s := machine(tb, "4.19.0")
	var r, w, f sched.ID
	run(tb, s, func(t *sched.Task) {
		r, w = pin.NewPipe(t, abi.ONonblock)
		f = newFile(t, page)
	})
	splice := s.Spawn("splice", func(t *sched.Task) {
		n, err := pin.Splice(t, r, -1, f, 0, 10, 0)
		require.NoError(tb, err)
		require.EqualValues(tb, 10, n)
	})
	require.NoError(tb, s.Run())
	require.Equal(tb, sched.Waiting, splice.State())
	run(tb, s, func(t *sched.Task) {
		_, err := pin.WritePipe(t, pipeOf(t, w), 10, false)
		require.NoError(tb, err)
	})
	require.Equal(tb, sched.Done, splice.State())
}

// Tee and splice between pipes wait for both: for bytes, then for room.
func TestBothPipesWait(tb *testing.T) {
	s := machine(tb, "newest")
	var r, w, r2, w2 sched.ID
	run(tb, s, func(t *sched.Task) {
		r, w = pin.NewPipe(t, 0)
		r2, w2 = pin.NewPipe(t, 0)
		_, err := pin.WritePipe(t, pipeOf(t, w2), 16*page, false)
		require.NoError(tb, err)
	})
	for _, in := range []sched.ID{r, r2} { // whichever of the two has the lower name
		out, from, to := w2, w, r2
		if in == r2 {
			out, from, to = w, w2, r
			run(tb, s, func(t *sched.Task) {
				_, err := pin.ReadPipe(t, pipeOf(t, r2), 99*page, true)
				require.NoError(tb, err)
				_, err = pin.ReadPipe(t, pipeOf(t, r), 99*page, true)
				require.NoError(tb, err)
				_, err = pin.WritePipe(t, pipeOf(t, w), 16*page, true)
				require.NoError(tb, err)
			})
		}
		done := int64(0)
		tee := s.Spawn("tee", func(t *sched.Task) {
			var err error
			done, err = pin.Tee(t, in, out, 7, 0)
			require.NoError(tb, err)
		})
		require.NoError(tb, s.Run())
		require.Equal(tb, sched.Waiting, tee.State(), "nothing to take")
		run(tb, s, func(t *sched.Task) {
			_, err := pin.WritePipe(t, pipeOf(t, from), 7, false)
			require.NoError(tb, err)
		})
		require.Equal(tb, sched.Waiting, tee.State(), "no room")
		run(tb, s, func(t *sched.Task) {
			_, err := pin.ReadPipe(t, pipeOf(t, to), page, false)
			require.NoError(tb, err)
		})
		require.Equal(tb, sched.Done, tee.State())
		require.EqualValues(tb, 7, done)
	}
}

func TestVmsplice(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		f := newFile(t, 2*page)
		space, addr := memory(tb, t, f, abi.ProtRead, abi.MapShared)
		r, w := pin.NewPipe(t, abi.ONonblock)
		pieces := func(all ...pin.Piece) func(int) (pin.Piece, bool) {
			return func(i int) (pin.Piece, bool) {
				if i >= len(all) {
					return pin.Piece{}, false
				}
				return all[i], true
			}
		}
		pipe := pipeOf(t, w)
		n, err := pin.Vmsplice(t, space, pipe, pieces(pin.Piece{Base: addr + 10, Len: page}, pin.Piece{Base: addr, Len: 5}), 0)
		require.NoError(tb, err)
		require.EqualValues(tb, page+5, n)
		require.Len(tb, buffers(t, r), 3, "one for each page of each piece")
		require.EqualValues(tb, 2, extra(t, f, 0))
		require.NoError(tb, mm.Unmap(t, space, addr, 2*page))
		require.EqualValues(tb, 2, extra(t, f, 0), "though it is not mapped any more")

		_, err = pin.Vmsplice(t, space, pipe, pieces(pin.Piece{Base: addr, Len: 1}), 0)
		require.Equal(tb, abi.EFAULT, err)
		space, addr = memory(tb, t, f, abi.ProtRead, abi.MapShared)
		n, err = pin.Vmsplice(t, space, pipe, pieces(pin.Piece{Base: addr, Len: 9 * page}), 0)
		require.NoError(tb, err, "as much as there is")
		require.EqualValues(tb, 2*page, n)
		var many []pin.Piece
		for range 20 {
			many = append(many, pin.Piece{Base: addr, Len: 1})
		}
		n, err = pin.Vmsplice(t, space, pipe, pieces(many...), 0)
		require.NoError(tb, err)
		require.EqualValues(tb, 11, n, "until the pipe is full")
		_, err = pin.Vmsplice(t, space, pipe, pieces(many...), nonblock)
		require.Equal(tb, abi.EAGAIN, err)
		inode.PutFile(t, r)
		_, err = pin.Vmsplice(t, space, pipe, pieces(many...), 0)
		require.Equal(tb, abi.EPIPE, err)
		inode.PutFile(t, w)
		require.Zero(tb, extra(t, f, 0))
	})
}

func TestSendfile(tb *testing.T) {
	for kernel, holds := range map[string]bool{"newest": true, "5.10.223": false} {
		run(tb, machine(tb, kernel), func(t *sched.Task) {
			f := newFile(t, 2*page)
			_, w := pin.NewPipe(t, 0)
			n, err := pin.Sendfile(t, w, f, -1, page)
			require.NoError(tb, err)
			require.EqualValues(tb, page, n)
			require.EqualValues(tb, page, inode.Pos(t, f))
			require.Equal(tb, holds, extra(t, f, 0) == 1, kernel)
		})
	}
	run(tb, machine(tb, "newest"), func(t *sched.Task) {
		f, g := newFile(t, 2*page), newFile(t, 0)
		r, w := pin.NewPipe(t, 0)
		huge := inode.Open(t, inode.New(t, inode.Inode{Kind: inode.Hugetlb, Shift: 21}), inode.Readable|inode.Writable, 0)
		n, err := pin.Sendfile(t, g, f, 100, 9*page)
		require.NoError(tb, err)
		require.EqualValues(tb, 2*page-100, n)
		require.EqualValues(tb, 2*page-100, inode.Pos(t, g))
		n, err = pin.Sendfile(t, g, f, 9*page, 10)
		require.NoError(tb, err)
		require.Zero(tb, n)
		for _, c := range []struct {
			out, in sched.ID
			off     int64
			want    error
		}{
			{r, f, 0, abi.EBADF}, {f, w, 0, abi.EBADF}, {f, r, 0, abi.ESPIPE}, {f, r, -1, abi.EINVAL},
			{huge, f, 0, abi.EINVAL}, {f, huge, 0, abi.EINVAL}, {w, huge, 0, abi.EINVAL},
			{inode.Open(t, inode.FileOf(t, f).Inode, inode.Writable, abi.OAppend), f, 0, abi.EINVAL},
		} {
			_, err := pin.Sendfile(t, c.out, c.in, c.off, 10)
			require.Equal(tb, c.want, err)
		}
		inode.AddSeals(t, inode.FileOf(t, g).Inode, abi.SealWrite)
		_, err = pin.Sendfile(t, g, f, 0, 10)
		require.Equal(tb, abi.EPERM, err)
		require.Zero(tb, extra(t, f, 0))
	})
}

// A pin of a small page takes as many references as the kernel's bias says, of a
// large one just one; either counts once.
func TestFixedBuffers(tb *testing.T) {
	for kernel, bias := range map[string]int32{"newest": 1024, "5.6.0": 1} {
		s := machine(tb, kernel)
		run(tb, s, func(t *sched.Task) {
			f := newFile(t, 2*page)
			space, addr := memory(tb, t, f, abi.ProtRead|abi.ProtWrite, abi.MapShared)
			ring := pin.NewRing(t)
			r := inode.Of(t, inode.FileOf(t, ring).Inode).Info
			require.Equal(tb, abi.ENXIO, pin.Unregister(t, r))
			require.Equal(tb, abi.EINVAL, pin.Register(t, space, r, nil))
			require.Equal(tb, abi.EFAULT, pin.Register(t, space, r, []pin.Piece{{Base: addr, Len: page}, {Base: addr}}))
			require.Zero(tb, extra(t, f, 0), "all or none")
			require.Equal(tb, abi.EFAULT, pin.Register(t, space, r, []pin.Piece{{Base: addr, Len: 9 * page}}))
			require.NoError(tb, pin.Register(t, space, r, []pin.Piece{{Base: addr + 5, Len: page}}))
			require.Equal(tb, abi.EBUSY, pin.Register(t, space, r, []pin.Piece{{Base: addr, Len: 1}}))
			require.NoError(tb, mm.Unmap(t, space, addr, 2*page))
			require.Equal(tb, bias, extra(t, f, 0), kernel)
			require.Equal(tb, bias, extra(t, f, 1), kernel)
			kinds, refs := holders(s, pageOf(t, f, 0))
			require.Equal(tb, []pin.Kind{pin.KindFixed}, kinds)
			require.Equal(tb, bias, refs)
			require.NoError(tb, pin.Unregister(t, r))
			require.Zero(tb, extra(t, f, 0))

			space, addr = memory(tb, t, f, abi.ProtRead|abi.ProtWrite, abi.MapShared)
			require.NoError(tb, pin.Register(t, space, r, []pin.Piece{{Base: addr, Len: 1}}))
			inode.PutFile(t, ring)
			require.Equal(tb, bias, extra(t, f, 0), "closing the ring does not let go at once")
			kinds, _ = holders(s, pageOf(t, f, 0))
			require.Equal(tb, []pin.Kind{pin.KindFixedClosed}, kinds)

			empty := pin.NewRing(t)
			r = inode.Of(t, inode.FileOf(t, empty).Inode).Info
			inode.PutFile(t, empty)
			require.Nil(tb, s.World().Object(r), "a ring without buffers is gone")
		})
	}
}

func TestInFlight(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		f := newFile(t, 2*page)
		space, addr := memory(tb, t, f, abi.ProtRead, abi.MapShared)
		_, err := pin.Begin(t, space, addr, page, true)
		require.Equal(tb, abi.EFAULT, err, "it may not be written")
		_, err = pin.Begin(t, space, addr+page, 2*page, false)
		require.Equal(tb, abi.EFAULT, err, "its second page is not there")
		require.Zero(tb, extra(t, f, 1))
		io, err := pin.Begin(t, space, addr+10, page, false)
		require.NoError(tb, err)
		require.NoError(tb, mm.Unmap(t, space, addr, 2*page))
		kinds, _ := holders(s, pageOf(t, f, 1))
		require.Equal(tb, []pin.Kind{pin.KindInFlight}, kinds)
		require.EqualValues(tb, 1, extra(t, f, 0))
		pin.End(t, io)
		require.Zero(tb, extra(t, f, 0))
	})
}

func TestBatchIsAHolder(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		id := folio.Alloc(t, 0, false)
		folio.AddLRU(t, id)
		kinds, refs := holders(s, id)
		require.Equal(tb, []pin.Kind{pin.KindBatch}, kinds)
		require.EqualValues(tb, 1, refs)
	})
}
