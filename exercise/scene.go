package exercise

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// scene is a program in the making: a file, who holds something of it, seals, and calls
// that find out what the seals do. It is drawn for people, so a line is there for a
// reason, and there are few.
type scene struct {
	rng   *rand.Rand
	lines []string
	asks  []int64 // lines that are worth a question
	pages int
	maps  []string // names of mappings
	pipe  bool     // a page is in a pipe
	ro    bool     // r1 is a descriptor for reading only
}

// draw makes a program of one task.
func draw(rng *rand.Rand) *scene {
	s := &scene{rng: rng}
	s.file()
	for range rng.IntN(3) {
		s.one(s.mapping, s.mapping, s.inPipe, s.reader)
	}
	if rng.IntN(2) == 0 {
		s.one(s.release, s.protect)
	}
	s.seal()
	for range 1 + rng.IntN(2) {
		s.one(s.try, s.try, s.seal, s.release, s.mapping)
	}
	s.try()
	return s
}

// drawHeld makes a program in which pages are held, mapped and let go.
func drawHeld(rng *rand.Rand) *scene {
	s := &scene{rng: rng}
	s.file()
	for range 2 + rng.IntN(2) {
		s.one(s.mapped, s.mapped, s.inPipe)
	}
	s.one(s.release, s.seal, s.protect, s.mapped)
	s.one(s.release, s.seal, s.mapped)
	return s
}

// drawWait makes a program in which one task seals while another lets go.
func drawWait(rng *rand.Rand) *scene {
	s := &scene{rng: rng}
	s.pages = 1 + rng.IntN(4)
	s.say(`r0 = memfd_create("picture", MFD_ALLOW_SEALING)`)
	s.say(`write(r0, "x", %d)`, s.pages*4096) // a page that is a hole would not go into the pipe
	s.inPipe()
	if rng.IntN(3) == 0 {
		s.say("m0 = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_POPULATE, r0, 0)")
	}
	s.asking("sealer: fcntl(r0, F_ADD_SEALS, %s)",
		s.pick("F_SEAL_WRITE", "F_SEAL_WRITE|F_SEAL_GROW", "F_SEAL_EXEC|F_SEAL_WRITE"))
	at := s.pick("5", "10", "20", "30", "50", "70", "100", "150", "170")
	switch s.pick("read", "read", "kill", "map", "write") {
	case "read":
		s.say(`reader: @%sms read(p0, "xxxx", 4)`, at)
	case "kill":
		s.say("killer: @%sms kill(sealer, SIGKILL)", at)
	case "map":
		s.asking("mapper: @%sms mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)", at)
	case "write":
		s.asking(`writer: @%sms pwrite64(r0, "y", 1, 0)`, at)
	}
	return s
}

func (s *scene) String() string { return strings.Join(s.lines, "\n") + "\n" }

func (s *scene) say(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// asking adds a line that is worth a question; twice the same would not be.
func (s *scene) asking(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if line != s.lines[len(s.lines)-1] {
		s.lines = append(s.lines, line)
		s.asks = append(s.asks, int64(len(s.lines)))
	}
}

func (s *scene) one(of ...func()) { of[s.rng.IntN(len(of))]() }

func (s *scene) pick(of ...string) string { return of[s.rng.IntN(len(of))] }

// file makes the memfd, of one to four pages.
func (s *scene) file() {
	s.pages = 1 + s.rng.IntN(4)
	flags := "MFD_ALLOW_SEALING"
	if s.rng.IntN(8) == 0 {
		flags = s.pick("0", "MFD_NOEXEC_SEAL", "MFD_CLOEXEC|MFD_ALLOW_SEALING")
	}
	s.say(`r0 = memfd_create("picture", %s)`, flags)
	if s.rng.IntN(2) == 0 {
		s.say("ftruncate(r0, %d)", s.pages*4096)
		return
	}
	s.say(`write(r0, "x", %d)`, s.pages*4096)
}

// mapping maps the file, in one of the ways whose difference matters to a seal.
func (s *scene) mapping() {
	name := fmt.Sprintf("m%d", len(s.maps))
	fd := "r0"
	if s.ro && s.rng.IntN(2) == 0 {
		fd = "r1"
	}
	prot := s.pick("PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE", "PROT_READ")
	if fd == "r1" {
		prot = "PROT_READ"
	}
	s.asking("%s = mmap(NULL, %d, %s, %s, %s, 0)", name, s.pages*4096, prot,
		s.pick("MAP_SHARED", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED|MAP_POPULATE"), fd)
	s.maps = append(s.maps, name)
}

// mapped maps the file and touches its pages.
func (s *scene) mapped() {
	name := fmt.Sprintf("m%d", len(s.maps))
	s.asking("%s = mmap(NULL, %d, %s, %s|MAP_POPULATE, r0, 0)", name, s.pages*4096,
		s.pick("PROT_READ|PROT_WRITE", "PROT_READ"), s.pick("MAP_SHARED", "MAP_SHARED", "MAP_PRIVATE"))
	s.maps = append(s.maps, name)
}

// inPipe puts a page of the file in a pipe, which holds it.
func (s *scene) inPipe() {
	if s.pipe {
		s.mapping()
		return
	}
	s.say("pipe2([p0, p1], 0)")
	s.say("splice(r0, [0], p1, NULL, 4, 0)")
	s.pipe = true
}

// reader opens the file once more, for reading only.
func (s *scene) reader() {
	if s.ro {
		s.mapping()
		return
	}
	s.say(`r1 = openat(AT_FDCWD, "/proc/self/fd/3", O_RDONLY)`)
	s.ro = true
}

// release lets something go again, the whole or a part of it.
func (s *scene) release() {
	switch {
	case s.pipe && (len(s.maps) == 0 || s.rng.IntN(2) == 0):
		s.asking(`read(p0, "xxxx", 4)`)
	case len(s.maps) == 0:
		s.try()
	case s.pages > 1 && s.rng.IntN(2) == 0:
		s.asking("munmap(%s+4096, 4096)", s.pick(s.maps...))
	default:
		s.asking("munmap(%s, %d)", s.pick(s.maps...), s.pages*4096)
	}
}

func (s *scene) protect() {
	if len(s.maps) == 0 {
		s.mapping()
		return
	}
	s.asking("mprotect(%s, %d, %s)", s.pick(s.maps...), s.pages*4096,
		s.pick("PROT_READ", "PROT_READ|PROT_WRITE", "PROT_NONE"))
}

func (s *scene) seal() {
	fd := "r0"
	if s.ro && s.rng.IntN(5) == 0 {
		fd = "r1"
	}
	s.asking("fcntl(%s, F_ADD_SEALS, %s)", fd, s.pick("F_SEAL_WRITE", "F_SEAL_WRITE", "F_SEAL_WRITE|F_SEAL_SEAL",
		"F_SEAL_SHRINK|F_SEAL_GROW", "F_SEAL_GROW", "F_SEAL_SHRINK", "F_SEAL_FUTURE_WRITE", "F_SEAL_SEAL",
		"F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE", "F_SEAL_EXEC"))
}

// try makes a call that a seal may refuse.
func (s *scene) try() {
	size := s.pages * 4096
	switch s.rng.IntN(9) {
	case 0:
		s.asking(`pwrite64(r0, "y", 1, %d)`, s.rng.IntN(size))
	case 1:
		s.asking(`pwrite64(r0, "y", 8192, %d)`, size-4096)
	case 2:
		s.asking("ftruncate(r0, %d)", size-s.rng.IntN(4096))
	case 3:
		s.asking("ftruncate(r0, %d)", size+s.rng.IntN(4096))
	case 4:
		s.asking("fallocate(r0, 0, 0, %d)", size+4096*s.rng.IntN(2))
	case 5:
		s.asking("fallocate(r0, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4096)")
	case 6:
		s.asking("fcntl(r0, F_GET_SEALS)")
	case 7:
		s.protect()
	default:
		s.mapping()
	}
}
