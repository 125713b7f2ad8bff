package mm

import (
	"sealab/sim/abi"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// Protect changes what n bytes at addr may be used for. On an error, what lay
// before the fault is changed.
//
// EINVAL: addr is not a multiple of the page size, or an unknown bit in prot.
// ENOMEM: not everything is mapped, or too many mappings. EACCES: a mapping may not
// become what prot says.
//
// Kernel: mm/mprotect.c do_mprotect_pkey, all versions.
func Protect(t *sched.Task, mm sched.ID, addr, n, prot uint64) error {
	const grows = abi.ProtGrowsdown | abi.ProtGrowsup
	refuse := func(errno abi.Errno) error {
		return t.Refuse(errno, "do_mprotect_pkey",
			sched.Fact{Name: "address", Value: int64(addr)}, sched.Fact{Name: "length", Value: int64(n)})
	}
	if prot&grows == grows || unaligned(addr) {
		return refuse(abi.EINVAL)
	}
	if n == 0 {
		return nil
	}
	end := addr + pageAlign(n)
	if end <= addr {
		return refuse(abi.ENOMEM)
	}
	if prot&^(abi.ProtRead|abi.ProtWrite|abi.ProtExec|abi.ProtSem|grows) != 0 {
		return t.Refuse(abi.EINVAL, "arch_validate_prot", sched.Fact{Name: "prot", Value: int64(prot)})
	}
	s := open(t, mm)
	t.DownWrite(s.lock)
	err := protect(t, s, addr, end, prot)
	t.UpWrite(s.lock)
	return err
}

// protect is Protect under mmap_lock, one VMA after the other.
func protect(t *sched.Task, s space, start, end, prot uint64) error {
	for at := start; at < end; {
		v := s.find(t, at)
		// With PROT_GROWSDOWN the mapping may begin later: its start is meant, if it grows.
		if !v.OK() || v.Start >= end || v.Start > at && prot&abi.ProtGrowsdown == 0 {
			return t.Refuse(abi.ENOMEM, "mprotect over a hole", sched.Fact{Name: "address", Value: int64(at)})
		}
		if prot&(abi.ProtGrowsdown|abi.ProtGrowsup) != 0 {
			return t.Refuse(abi.EINVAL, "VM_GROWSDOWN")
		}
		flags := v.Flags&^vmAccess | protFlags(prot)
		denied := flags &^ (flags >> mayShift) & vmAccess
		if denied != 0 && !t.Wrong(mutant.MprotectUnchecked) {
			return t.RefuseBecause(abi.EACCES, "mprotect VM_MAYWRITE",
				sched.Fact{Name: "address", Value: int64(v.Start)}, v.File, v.Inode)
		}
		last := min(v.End, end)
		if err := protectOne(t, s, v, at, last, flags); err != nil {
			return err
		}
		at = last
	}
	return nil
}

// protectOne changes the part of one VMA from start up to but not including end.
//
// Private locked memory that becomes writable is copied at once, as far as it can be.
//
// Kernel: mm/mprotect.c mprotect_fixup, all versions.
func protectOne(t *sched.Task, s space, v VMA, start, end uint64, flags Flags) error {
	if flags == v.Flags {
		return nil
	}
	if flags&(VMWrite|VMAccount|VMShared|VMNoReserve|VMHugetlb) == VMWrite && v.Flags&VMWrite == 0 {
		flags |= VMAccount
	}
	if flags&VMWrite == 0 && v.File == 0 && !v.Anon {
		flags &^= VMAccount
	}
	old := v.Flags
	v, err := modifyCounted(t, s, v, start, end, flags)
	if err != nil {
		return err
	}
	changeProtection(t, s, v, start, end)
	if old&(VMWrite|VMShared|VMLocked) == VMLocked && flags&VMWrite != 0 {
		_ = populateVMA(t, s, v, start, end, true) // what it cannot make, it leaves out
	}
	return nil
}

// changeProtection makes the entries of a part of a VMA fit its flags. Private
// ones are made writable by the next fault, which knows whether to copy.
//
// Kernel: mm/mprotect.c change_protection, all versions.
// Differs: entries stay in a table that the program may not read at all.
func changeProtection(t *sched.Task, s space, v VMA, start, end uint64) {
	write := v.Flags&VMWrite != 0 && !v.Private()
	r := pages{first: start >> abi.PageShift, end: end >> abi.PageShift}
	t.Lock(s.ptl)
	for {
		e := nextPTE.On(t, s.table, r)
		if e.Folio == 0 {
			break
		}
		if e.Write != write {
			e.Write = write
			setPTE.On(t, s.table, e)
		}
		r.first = e.Page + 1
	}
	t.Unlock(s.ptl)
}
