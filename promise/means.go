package promise

import "fmt"

// Means is a way to give a file to somebody.
type Means struct {
	Name  string `json:"name"`
	About string `json:"about"` // what it is, a sentence

	flags   string // of memfd_create
	seals   string // that the sender adds
	receive string // how the receiver comes by its descriptor r1
	view    string // how the receiver maps it
	other   string // a seal that is not among them
}

const (
	copied   = "r1 = dup(r0)" // what a socket gives to the receiver
	reopened = `r1 = openat(AT_FDCWD, "/proc/self/fd/3", O_RDONLY)`
	peek     = "w0 = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_POPULATE, r1, 0)"
	copying  = "w0 = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_POPULATE, r1, 0)"
	sealable = "MFD_ALLOW_SEALING"
)

// seal is the means of adding seals to a file.
func seal(seals, other, about string) Means {
	return Means{seals, about, sealable, seals, copied, peek, other}
}

// The means, from none to all of them.
//
//tidy:table one means after the other
var means = []Means{
	{"nothing", "The sender sends a descriptor of its memfd, and nothing else.",
		sealable, "", copied, peek, "F_SEAL_GROW"},
	{"read-only", "The sender sends a descriptor that is open for reading only.",
		sealable, "", reopened, peek, "F_SEAL_GROW"},
	{"private", "The receiver maps the file with MAP_PRIVATE and reads.",
		sealable, "", copied, peek, "F_SEAL_GROW"},
	{"private-copy", "The receiver maps the file with MAP_PRIVATE and has written to every page.",
		sealable, "", copied, copying, "F_SEAL_GROW"},
	seal("F_SEAL_SEAL", "F_SEAL_GROW", "No more seals."),
	seal("F_SEAL_SHRINK", "F_SEAL_GROW", "The file does not become shorter."),
	seal("F_SEAL_GROW", "F_SEAL_SHRINK", "The file does not become longer."),
	seal("F_SEAL_WRITE", "F_SEAL_GROW", "The file's bytes stay as they are."),
	seal("F_SEAL_FUTURE_WRITE", "F_SEAL_GROW", "Only mappings that are there already may write."),
	{"MFD_NOEXEC_SEAL", "A file that is not executable, with F_SEAL_EXEC from the start.",
		"MFD_NOEXEC_SEAL", "", copied, peek, "F_SEAL_GROW"},
	seal("F_SEAL_EXEC", "F_SEAL_SEAL", "On a file that is executable, as memfds are without MFD_NOEXEC_SEAL."),
	seal("F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE", "F_SEAL_EXEC", "All that a receiver can want."),
}

// All returns the means.
func All() []Means { return append([]Means(nil), means...) }

// Find returns the means with a name.
func Find(name string) (Means, error) {
	for _, m := range means {
		if m.Name == name {
			return m, nil
		}
	}
	return Means{}, fmt.Errorf("there is no means %q: there are %s", name, names())
}

func names() (out string) {
	for i, m := range means {
		if i > 0 {
			out += ", "
		}
		out += m.Name
	}
	return out
}
