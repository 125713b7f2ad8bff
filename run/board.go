package run

import (
	"encoding/binary"

	"sealab/sim/abi"
	"sealab/sim/sched"
)

// board is what the tasks of a script tell each other: which calls have ended, in
// the order of the script, and what they returned. It is an object of the machine
// like any other, so that who waits for whom is part of the schedule.
type board struct {
	ended []bool   // by the order of the ends
	vals  []posted // by call
	first int      // how many ends have been without a gap
}

// posted is what a call has returned.
type posted struct {
	val   int64
	errno abi.Errno
	pair  [2]int64 // what pipe2 stored
	msg   arrived
}

// arrived is what came with a message: the first descriptors, and msg_flags.
type arrived struct {
	n     int // descriptors
	fds   [maxArrived]int64
	flags int64
}

// maxArrived is how many descriptors of a message are told.
const maxArrived = 4

// Clone returns an independent copy.
func (b *board) Clone() sched.Object {
	return &board{append([]bool(nil), b.ended...), append([]posted(nil), b.vals...), b.first}
}

// Encode appends the canonical encoding.
func (b *board) Encode(dst []byte) []byte {
	for _, ended := range b.ended {
		if !ended {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
	}
	for _, v := range b.vals {
		for _, n := range [...]int64{v.val, int64(v.errno), v.pair[0], v.pair[1]} {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(n))
		}
		dst = append(dst, byte(v.msg.n), byte(v.msg.flags))
		for _, fd := range v.msg.fds[:v.msg.n] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(fd))
		}
	}
	return dst
}

type postArg struct {
	call, end int
	posted
}

var (
	// await waits until so many calls have ended.
	await = sched.NewWait("await", sched.Read, func(b *board, need int) (sched.None, bool) {
		return sched.None{}, b.first >= need
	})
	// post notes that a call has ended.
	post = sched.NewOp("post", sched.Write, func(b *board, a postArg) sched.None {
		b.ended[a.end], b.vals[a.call] = true, a.posted
		for b.first < len(b.ended) && b.ended[b.first] {
			b.first++
		}
		return sched.None{}
	})
	// result reads what an ended call has returned.
	result = sched.NewOp("result", sched.Read, func(b *board, call int) posted { return b.vals[call] })
)
