package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The board is memory that the helper shares with the processes it makes: the table of
// instructions, what came of each, and the buffers that calls read and write. It lies at the same
// address in every process, so that the table can hold addresses.
const (
	boardAddr = 0x2_0000_0000
	maxOps    = 1 << 12
	maxData   = 16 << 20
	maxFlags  = 1 << 10 // meeting points of tasks
)

// The first flags have a use of their own: the time at which the run began takes four, and
// threads are counted when they end.
const (
	finished   = 4
	firstPoint = 8
)

type board struct {
	env    environment
	answer answer
	turn   uint32 // counted up to ask the maker of processes for one
	done   uint32 // and this, when that one has ended
	flags  [maxFlags]uint32
	ops    [maxOps]op
	res    [maxOps]result
	data   [maxData]byte
}

// boardData is the address of the buffers.
const boardData = boardAddr + uint64(unsafe.Offsetof(board{}.data))

// code says what an instruction does.
type code uint32

const (
	opCall  code = iota // arg are the arguments of system call nr
	opKill              // kill, but only of one process
	opStore             // put arg[1] at address arg[0], 8 bytes
	opLoad              // the result is the int32 at address arg[0]
	opTouch             // read the byte at address arg[0], or with arg[2] write arg[1] there
	opFork              // clone with flags arg[0]; the child goes on at instructions [arg[1], arg[2])
	opUntil             // wait until arg[0] ns after the start of the run
	opMeet              // wait until arg[1] tasks are at meeting point arg[0], then arg[2] turns more
	opOpen              // let tasks pass the gate arg[0]
	opGate              // wait for that
	opTick              // count up point arg[0]
	opLook              // put the map counts of arg[1] pages at address arg[0]; arg[2] and arg[3] are names of files
	opCount             // wait until point arg[0] has counted to arg[1]
)

// op is one instruction. An argument is a number, plus the result of instruction reg-1 unless
// reg is 0.
type op struct {
	code code
	nr   uint32
	arg  [6]uint64
	reg  [6]uint16
	_    uint32
}

// result is what came of an instruction.
type result struct {
	val        int64 // as the kernel returned it: -errno for a failure
	start, end unix.Timespec
	state      uint32 // 0 not begun, 1 begun, 2 ended
	pid        uint32 // of the task that began it
}

// newBoard maps the board.
func newBoard() (*board, error) {
	const flags = unix.MAP_SHARED | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE | unix.MAP_FIXED_NOREPLACE
	p, err := unix.MmapPtr(-1, 0, unsafe.Add(nil, boardAddr), unsafe.Sizeof(board{}),
		unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return nil, err
	}
	return (*board)(p), nil
}
