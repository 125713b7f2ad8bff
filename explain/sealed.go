package explain

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// rule is what a check of a seal forbids, and what to do about it.
type rule struct {
	seals   abi.Seals // any of them makes the check refuse
	forbids string    // what the seal forbids
	change  string
}

// A seal is never taken back, so every change is one of order, or a new file.
const (
	beforeSeal = "Do it before you seal; no seal is ever taken back, so later it takes a new memfd."
	mapInstead = "Map it PROT_READ, or MAP_PRIVATE; to write where others see it, map before you seal."
	writes     = abi.SealWrite | abi.SealFutureWrite
)

// sealRules are the checks that a seal makes refuse, by name.
var sealRules = map[string]rule{
	"shmem_write_begin F_SEAL_WRITE": {writes, "every write", beforeSeal},
	"shmem_write_begin F_SEAL_GROW": {abi.SealGrow, "a write past the end",
		"Write no further than the size, or ftruncate before you seal."},
	"shmem_setattr F_SEAL_SHRINK":       {abi.SealShrink, "a smaller size", beforeSeal},
	"shmem_setattr F_SEAL_GROW":         {abi.SealGrow, "a larger size", beforeSeal},
	"shmem_setattr F_SEAL_EXEC":         {abi.SealExec, "a change of the executable bits", beforeSeal},
	"shmem_fallocate F_SEAL_WRITE":      {writes, "punching holes", beforeSeal},
	"shmem_fallocate F_SEAL_GROW":       {abi.SealGrow, "allocating past the end, size kept or not", beforeSeal},
	"hugetlbfs_setattr F_SEAL_SHRINK":   {abi.SealShrink, "a smaller size", beforeSeal},
	"hugetlbfs_setattr F_SEAL_GROW":     {abi.SealGrow, "a larger size", beforeSeal},
	"hugetlbfs_punch_hole F_SEAL_WRITE": {writes, "punching holes", beforeSeal},
	"hugetlbfs_fallocate F_SEAL_GROW":   {abi.SealGrow, "allocating past the end", beforeSeal},
	"memfd_check_seals_mmap":            {writes, "new writable shared mappings", mapInstead},
}

func init() {
	for check, r := range sealRules {
		checks[check] = func(s *scene, out *Reason) { forbidden(s, out, r) }
	}
	checks["mprotect VM_MAYWRITE"] = neverWritable
}

// forbidden: a seal does not allow it.
func forbidden(s *scene, r *Reason, rule rule) {
	if s.ino == nil {
		return
	}
	for _, seal := range []abi.Seals{abi.SealWrite, abi.SealFutureWrite, abi.SealShrink, abi.SealGrow, abi.SealExec} {
		if rule.seals&s.ino.Seals&seal == 0 {
			continue
		}
		by, at := s.sealedBy(seal)
		r.Holders = append(r.Holders, Holder{Line: at, What: by})
		r.Sentence = fmt.Sprintf("%s from %s: %s, and it forbids %s.", r.Errno, r.Check, by, rule.forbids)
		break
	}
	r.Change = rule.change
}

// neverWritable: mprotect of a mapping that can never become writable.
func neverWritable(s *scene, r *Reason) {
	v := mm.Lookup(s.w, s.p.MM, uint64(s.ref.Facts[0].Value))
	if !v.OK() {
		return
	}
	f := sched.Peek[inode.File](s.w, v.File)
	if f == nil {
		return
	}
	r.Holders = append(r.Holders, Holder{Line: v.Origin, What: "made the mapping"})
	r.Sentence = fmt.Sprintf("EACCES from mprotect: the mapping of line %d can never become writable", v.Origin)
	if f.Mode&inode.Writable == 0 {
		r.Sentence += ": its descriptor was not open for writing."
		r.Change = "Map it through a descriptor that is open for writing, before you seal."
		return
	}
	s.ino = sched.Peek[inode.Inode](s.w, f.Inode)
	for _, seal := range []abi.Seals{abi.SealWrite, abi.SealFutureWrite} {
		if s.ino != nil && s.ino.Seals&seal != 0 {
			by, at := s.sealedBy(seal)
			r.Holders = append(r.Holders, Holder{Line: at, What: by})
			r.Sentence += fmt.Sprintf(": %s.", by)
			break
		}
	}
	r.Change = "Make the writable mapping before you seal; F_SEAL_FUTURE_WRITE lets it stay writable."
}
