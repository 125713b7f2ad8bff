package lesson

import "sealab/question"

// What calls can answer, as question.Outcome says it.
const (
	succeeds = "It succeeds"
	eperm    = "EPERM"
	busy     = "EBUSY, at once"
	busyLate = "EBUSY, after 164 ms"
)

func answer(line int64) question.Probe  { return question.Probe{Line: line, Of: question.Answer} }
func counter(line int64) question.Probe { return question.Probe{Line: line, Of: question.Counter} }

// ladder is the lessons, each on the shoulders of those before it.
//
//tidy:table one lesson after the other
var ladder = []source{
	{
		id: "bits", title: "Seals are bits on the inode",
		text: []string{
			"A memfd is a file in memory without a name. Who has a descriptor of it can give it to another process, " +
				"and then both can write to it, cut it off and grow it.",
			"A seal is a promise about the file: F_SEAL_SHRINK that it never becomes smaller, F_SEAL_GROW that it " +
				"never becomes larger, F_SEAL_WRITE that its bytes never change. fcntl(fd, F_ADD_SEALS, …) adds " +
				"seals, and fcntl(fd, F_GET_SEALS) reads them. No call takes one away.",
			"Here the same file is open three times: r1 is a dup of r0, and r2 was opened anew through /proc.",
		},
		ask:   "Line 10 asks for the seals through r2. What does it answer?",
		probe: answer(10),
		choices: []question.Choice{
			{Text: "No seals", Say: "That would be so if seals belonged to the descriptor that added them."},
			{Text: "F_SEAL_SHRINK", Say: "r1 is no copy of the file: what it adds is added to the same file."},
			{Text: "F_SEAL_GROW", Say: "New seals do not replace old ones; they are added to them."},
			{Text: "F_SEAL_SHRINK|F_SEAL_GROW"},
		},
		moral: []string{
			"Seals are bits in the inode, which is the file itself; descriptors only lead there.",
			"So it does not matter who adds a seal, or whether their descriptor is still open.",
		},
		change: change{
			text:  "Make the memfd without MFD_ALLOW_SEALING.",
			edits: []Edit{{2, `r0 = memfd_create("letter", 0)`}},
			look:  "What line 10 answers. Lines 6 and 7 are refused now; which seal does that?",
			was:   answer(10), is: answer(10),
		},
	},
	{
		id: "who", title: "Who may add seals",
		text: []string{
			"A sender makes a file, and a receiver has a descriptor of it that is open for reading only. The " +
				"receiver wants to map the file, and fears SIGBUS: that is what it gets when the sender cuts the " +
				"file off meanwhile.",
			"F_SEAL_SHRINK would help. The sender has not added it, so the receiver tries to do so itself.",
		},
		ask:   "Line 5 adds F_SEAL_SHRINK through the read-only descriptor. What does it answer?",
		probe: answer(5),
		choices: []question.Choice{
			{Text: succeeds, Say: "Then every reader could keep the writer from writing."},
			{Text: eperm},
			{Text: busy, Say: "EBUSY is for F_SEAL_WRITE, when somebody could still write."},
			{Text: "EBADF", Say: "The descriptor is good. Of write that would be the answer, but this is not write."},
		},
		moral: []string{
			"Only who may write may seal: a seal takes something away from writers, so it is theirs to give.",
			"F_SEAL_SEAL ends it: after line 6 nobody adds anything, and line 7 is refused though the seal is there.",
		},
		change: change{
			text:  "Open the receiver's descriptor for reading and writing.",
			edits: []Edit{{4, `r1 = openat(AT_FDCWD, "/proc/self/fd/3", O_RDWR)`}},
			look:  "What line 5 answers now.",
			was:   answer(5), is: answer(5),
		},
	},
	{
		id: "writable", title: "What counts as writable",
		text: []string{
			"F_SEAL_WRITE promises that the bytes stay as they are. Who has mapped the file writes without any " +
				"system call, so no check could stop them later. Therefore the seal is refused with EBUSY while " +
				"such a mapping exists.",
			"But what is such a mapping? This one is for reading only.",
		},
		ask:   "Line 5 adds F_SEAL_WRITE. What does it answer?",
		probe: answer(5),
		choices: []question.Choice{
			{Text: succeeds, Say: "Nobody can write through it now. Could it become writable later?"},
			{Text: busy},
			{Text: busyLate, Say: "The kernel waits for pages that somebody holds, not for mappings."},
			{Text: eperm, Say: "EPERM is for who may not; here somebody is in the way."},
		},
		moral: []string{
			"A shared mapping counts if it may become writable: mprotect could make this one so, since its " +
				"descriptor is open for writing. The current protection does not matter.",
			"A private mapping never counts: what is written to it is not written to the file.",
		},
		change: change{
			text: "Map the file through a descriptor that is open for reading only.",
			edits: []Edit{{4, `r1 = openat(AT_FDCWD, "/proc/self/fd/3", O_RDONLY)` + "\n" +
				`m0 = mmap(NULL, 8192, PROT_READ, MAP_SHARED, r1, 0)`}},
			look: "What F_ADD_SEALS, now on line 6, answers.",
			was:  answer(5), is: answer(6),
		},
	},
	{
		id: "counter", title: "The signed counter",
		text: []string{
			"The kernel does not look for mappings when it seals: it keeps a number for each file, " +
				"i_mmap_writable, and each mapping that may become writable adds one. If it is above 0, " +
				"F_SEAL_WRITE is refused.",
			"That is not enough. While a seal is being set, and ever after, no such mapping may come. The kernel " +
				"uses the same number for that.",
			"Here a mapping loses its middle, so that two pieces are left of it; then all of it is unmapped.",
		},
		ask:   "What is i_mmap_writable after line 8, which sets the seal?",
		probe: counter(8),
		choices: []question.Choice{
			{Text: "-1"},
			{Text: "0", Say: "Nobody would know then that new mappings are to be refused."},
			{Text: "1", Say: "Then the seal would have been refused."},
			{Text: "2", Say: "That it is after line 5, when there are two pieces."},
		},
		moral: []string{
			"Above 0 it is how many mappings may become writable; at 0 the next may come from either side; below " +
				"0 such mappings are denied. One number, so both can never be true at once.",
			"The refused seal on line 6 left it as it was.",
		},
		change: change{
			text:  "Leave line 7 out, so that the two pieces stay.",
			edits: []Edit{{7, ""}},
			look:  "What the counter is after F_ADD_SEALS, which is on line 7 now.",
			was:   counter(8), is: counter(7),
		},
	},
	{
		id: "pinned", title: "A page can be busy without a mapping",
		text: []string{
			"Nothing is mapped here. But line 5 has moved the file's bytes into a pipe, and splice does not copy: " +
				"the pipe has the page itself, and a reference to it.",
			"The kernel cannot tell what somebody does with a page that it holds. A device may be writing to it.",
		},
		ask:   "Line 6 adds F_SEAL_WRITE. What does it answer?",
		probe: answer(6),
		choices: []question.Choice{
			{Text: succeeds, Say: "The pipe still has the page, and the kernel cannot know that it only reads."},
			{Text: busy,
				Say: "At once would be for a mapping; for a page the kernel waits a while, as most are let go soon."},
			{Text: busyLate},
			{Text: "It waits for ever", Say: "It is patient, but not for ever."},
		},
		moral: []string{
			"There are two kinds of EBUSY, and the errno does not tell which: a mapping, at once; a page that " +
				"somebody holds, after about 160 ms.",
			"A page is held by somebody if it has more references than the page cache and page tables account for.",
		},
		change: change{
			text: "Read the pipe before sealing.",
			edits: []Edit{{6, `read(p0, "xxxx", 4)` + "\n" +
				"fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)"}},
			look: "What F_ADD_SEALS, now on line 7, answers.",
			was:  answer(6), is: answer(7),
		},
	},
	{
		id: "samples", title: "The wait samples, it does not watch",
		text: []string{
			"While F_ADD_SEALS waits for pages to be let go, it sleeps, and it looks at them again each time it " +
				"wakes. Nobody wakes it: the one who lets a page go does not know that somebody waits.",
			"The sleeps double, from 10 ms to 80 ms; as the clock ticks 250 times a second here, it looks again " +
				"after 12, 36, 80 and 164 ms. The pipe is read after 50 ms.",
		},
		ask:   "Line 6 adds F_SEAL_WRITE. What does it answer, and when?",
		probe: answer(6),
		choices: []question.Choice{
			{Text: "It succeeds, after 36 ms", Say: "At 36 ms the page is still in the pipe."},
			{Text: "It succeeds, after 50 ms", Say: "That is when the page is free, but nobody looks at that time."},
			{Text: "It succeeds, after 80 ms"},
			{Text: "It succeeds, after 164 ms", Say: "It does not wait longer than it must."},
			{Text: busyLate, Say: "The page is free long before the last look."},
		},
		moral: []string{
			"The kernel sees the page only at the moments when it looks. A page that is free at none of them is " +
				"busy, however often it was free between.",
			"A page once found free is not looked at again.",
		},
		change: change{
			text:  "Let the reader come at 100 ms.",
			edits: []Edit{{7, `reader: @100ms read(p0, "xxxx", 4) = 4`}},
			look:  "When line 6 returns. Then try 170 ms.",
			was:   answer(6), is: answer(6),
		},
	},
	{
		id: "meanwhile", title: "What others may do meanwhile",
		text: []string{
			"The seal of line 6 waits for a page in a pipe, and will be refused in the end. For all that time it " +
				"holds the inode lock, i_rwsem, and i_mmap_writable is -1.",
			"After 20 ms, two others come: one writes to the file, one maps it.",
		},
		ask:   "Line 8 wants a writable mapping while the seal waits. What does it answer?",
		probe: answer(8),
		choices: []question.Choice{
			{Text: succeeds, Say: "The seal is not set yet, but the counter has been denied."},
			{Text: "It succeeds, after 144 ms", Say: "mmap does not take the inode lock, so it does not wait."},
			{Text: eperm},
			{Text: "EPERM, after 144 ms", Say: "It does not wait to see what comes of the seal."},
		},
		moral: []string{
			"mmap meets the counter, and is refused at once, for a seal that never comes to be.",
			"write meets the lock: it waits, and then it succeeds, since the seal was refused.",
		},
		change: change{
			text:  "Let the mapper come at 170 ms.",
			edits: []Edit{{8, "mapper: @170ms mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)"}},
			look:  "What line 8 answers, when the seal has been refused.",
			was:   answer(8), is: answer(8),
		},
	},
	{
		id: "alarms", title: "False alarms",
		text: []string{
			"The wait knows two numbers for each page: how many references it has, and how many the kernel itself " +
				"accounts for. It does not know who has the others, nor what for. So a pipe that only reads is in " +
				"the way too.",
			"And the kernel can be wrong about its own. This is Linux 6.8. The file has one huge page, which is " +
				"512 small ones; it was mapped, and is not any more. Nobody holds it.",
		},
		ask:   "Line 6 adds F_SEAL_WRITE. What does Linux 6.8 answer?",
		probe: answer(6),
		choices: []question.Choice{
			{Text: succeeds, Say: "So it should be. This kernel counts wrongly."},
			{Text: busy, Say: "The mapping is gone, and the counter is 0."},
			{Text: busyLate},
			{Text: "EINVAL", Say: "Huge pages can be sealed, since Linux 4.16."},
		},
		moral: []string{
			"The page cache has 512 references to this page, and Linux 6.7 and 6.8 expect one. No program can " +
				"help that; 6.9 can.",
			"EBUSY means that a comparison of two numbers came out wrong. It does not prove that anybody could write.",
		},
		change: change{
			text:  "Ask another kernel: 6.11.",
			edits: []Edit{{1, "kernel 6.11"}},
			look:  "What line 6 answers, and how many references are expected.",
			was:   answer(6), is: answer(6),
		},
	},
	{
		id: "future", title: "Now, or from now on",
		text: []string{
			"F_SEAL_WRITE needs everybody to stop. F_SEAL_FUTURE_WRITE is for who wants to go on writing alone: " +
				"the mappings that exist stay as they are, and no new ones, and no write, will be allowed. So it " +
				"never says EBUSY.",
			"Here the mapping that exists is a read-only one. Line 8 asks to make it writable, after the seal.",
		},
		ask:   "What does mprotect on line 8 answer?",
		probe: answer(8),
		choices: []question.Choice{
			{Text: succeeds},
			{Text: eperm, Say: "That is what line 7 gets, which wants a new mapping."},
			{Text: "EACCES", Say: "So it would be for a mapping that was made after the seal."},
			{Text: busy, Say: "mprotect is never busy."},
		},
		moral: []string{
			"The seal looks at mappings when they are made. One that was made before keeps all it had, and that " +
				"it may become writable too.",
			"So a receiver may rely on it that nobody gets a new way to write, and on nothing else: who had a " +
				"mapping may write still.",
		},
		change: change{
			text: "Make the read-only mapping after the seal.",
			edits: []Edit{{4, ""}, {5, "fcntl(r0, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)\n" +
				"m0 = mmap(NULL, 4096, PROT_READ, MAP_SHARED, r0, 0)"}},
			look: "What line 8 answers now.",
			was:  answer(8), is: answer(8),
		},
	},
	{
		id: "versions", title: "Implied seals, and versions",
		text: []string{
			"F_SEAL_EXEC came with Linux 6.3. It keeps the executable bits of the file as they are: who has " +
				"checked that a file cannot be executed wants that to stay so.",
			"A memfd is executable when it is made, unless one says otherwise. An executable file whose bits are " +
				"kept, but whose bytes are not, would be of little use.",
		},
		ask:   "Line 4 adds F_SEAL_EXEC, and nothing else. What does line 5 show?",
		probe: answer(5),
		choices: []question.Choice{
			{Text: "No seals", Say: "This kernel knows the seal, and nobody is in the way of it."},
			{Text: "F_SEAL_EXEC", Say: "So it would be if the file were not executable."},
			{Text: "F_SEAL_WRITE|F_SEAL_EXEC", Say: "More than one seal is brought along."},
			{Text: "F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE|F_SEAL_FUTURE_WRITE|F_SEAL_EXEC"},
		},
		moral: []string{
			"On an executable file F_SEAL_EXEC brings four seals with it. So ask whether the seals that you need are " +
				"there, never whether the word is equal to what you added.",
			"And ask the kernel: an older one refuses a seal that it does not know, and adds none at all.",
		},
		change: change{
			text:  "Ask Linux 6.1.",
			edits: []Edit{{1, "kernel 6.1"}},
			look:  "What line 4 answers.",
			was:   answer(4), is: answer(4),
		},
	},
	{
		id: "receiver", title: "What a receiver may rely on",
		text: []string{
			"A receiver is given a file, finds F_SEAL_WRITE on it, and maps it. Its bytes can no longer change: " +
				"line 7 shows the sender trying. So the receiver may read them twice and find the same.",
			"Now the sender, who still has its descriptor, wants to cut the file off.",
		},
		ask:   "Line 8 sets the size to 0. What does it answer?",
		probe: answer(8),
		choices: []question.Choice{
			{Text: succeeds},
			{Text: eperm, Say: "F_SEAL_SHRINK would do that. It is not there."},
			{Text: busy, Say: "That the file is mapped is no obstacle to ftruncate."},
			{Text: "EACCES", Say: "The sender's descriptor is open for writing."},
		},
		moral: []string{
			"F_SEAL_WRITE says nothing about the size. The receiver's next access to its mapping is a SIGBUS.",
			"Who maps a file that another made needs F_SEAL_SHRINK; who needs the bytes to stay, F_SEAL_WRITE " +
				"too; who checks its size once, F_SEAL_GROW. F_SEAL_SEAL protects nobody but the sender.",
		},
		change: change{
			text:  "Let the sender add F_SEAL_SHRINK as well.",
			edits: []Edit{{4, "fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE|F_SEAL_SHRINK) = 0"}},
			look:  "What line 8 answers, and what line 9 still reads.",
			was:   answer(8), is: answer(8),
		},
	},
}
