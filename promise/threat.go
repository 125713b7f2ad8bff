package promise

// Threat is something that can be done to who relies on a file.
type Threat struct {
	Who  string `json:"who"`            // "the sender" or "the receiver"
	Does string `json:"does"`           // what that does: "shortens the file"
	Of   string `json:"of"`             // what is at stake: "bytes", "size", "", "seals" or "mode"
	Then string `json:"then,omitempty"` // what that means to whoever relies on it, where it is not plain

	before string // a call that is made before the seal
	does   []string
}

const (
	sender   = "the sender"
	receiver = "the receiver"
)

// The threats. In their calls r0 is the sender's descriptor, r1 the receiver's, and OTHER
// a seal that the file does not have.
//
//tidy:table one threat after the other
var threats = []Threat{
	{sender, "writes with write(2)", "bytes", "", "",
		[]string{`pwrite64(r0, "y", 1, 0)`}},
	{sender, "writes through a mapping made before", "bytes", "",
		"m0 = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)", nil},
	{sender, "maps the file to write", "bytes", "", "",
		[]string{"m0 = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)"}},
	{sender, "makes an old read-only mapping writable", "bytes", "",
		"m0 = mmap(NULL, 8192, PROT_READ, MAP_SHARED, r0, 0)",
		[]string{"mprotect(m0, 8192, PROT_READ|PROT_WRITE)"}},
	{sender, "punches a hole", "bytes", "", "",
		[]string{"fallocate(r0, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4096)"}},
	{sender, "shortens the file", "size", "whoever touches what was cut off gets SIGBUS", "",
		[]string{"ftruncate(r0, 4096)"}},
	{sender, "shortens and lengthens the file", "size", "what was cut off is zeros", "",
		[]string{"ftruncate(r0, 0)", "ftruncate(r0, 8192)"}},
	{sender, "lengthens the file", "size", "", "",
		[]string{"ftruncate(r0, 12288)"}},
	{sender, "writes past the end", "size", "", "",
		[]string{`pwrite64(r0, "y", 1, 8192)`}},
	{sender, "allocates past the end", "size", "", "",
		[]string{"fallocate(r0, 0, 0, 12288)"}},
	{sender, "adds a seal", "seals", "", "",
		[]string{"fcntl(r0, F_ADD_SEALS, OTHER)"}},
	{sender, "changes whether it can be executed", "mode", "", "",
		[]string{"fchmod(r0, CHMOD)"}},
	{receiver, "writes with write(2)", "bytes", "", "",
		[]string{`pwrite64(r1, "y", 1, 0)`}},
	{receiver, "opens it through /proc and writes", "bytes", "", "",
		[]string{`r2 = openat(AT_FDCWD, "/proc/self/fd/4", O_RDWR)`, `pwrite64(r2, "y", 1, 0)`}},
	{receiver, "adds a seal", "seals", "", "",
		[]string{"fcntl(r1, F_ADD_SEALS, OTHER)"}},
}

// Threats returns the threats.
func Threats() []Threat { return append([]Threat(nil), threats...) }
