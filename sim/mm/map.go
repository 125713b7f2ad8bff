package mm

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// MapArgs is what a program gives to mmap.
type MapArgs struct {
	Addr  uint64   // a wish, or with MAP_FIXED an order
	Len   uint64   // bytes
	Prot  uint64   // abi.ProtRead …
	Flags uint64   // abi.MapShared …
	File  sched.ID // the open file; 0 for an anonymous mapping, which Flags must say too
	Off   uint64   // where in the file it begins, bytes

	// Place is the address that the kernel chose in a recorded run; 0 lets the model
	// choose. It is only a wish, stronger than Addr and weaker than MAP_FIXED.
	Place uint64
}

// mmapBase is where the search for a free place begins, downwards.
//
// Kernel: arch/x86/mm/mmap.c mmap_base, all versions.
// Differs: no randomness.
const mmapBase = 0x7ffff7fff000

// legacyMask are the flags that MAP_SHARED_VALIDATE accepts: not the newer
// MAP_FIXED_NOREPLACE.
//
// Kernel: include/linux/mman.h LEGACY_MAP_MASK, v4.15 and later.
const legacyMask = abi.MapShared | abi.MapPrivate | abi.MapFixed | abi.MapAnonymous | abi.MapDenywrite |
	abi.MapExecutable | abi.MapGrowsdown | abi.MapLocked | abi.MapNoreserve | abi.MapPopulate |
	abi.MapNonblock | abi.MapStack | abi.MapHugetlb | abi.Map32bit | abi.MapHuge2mb | abi.MapHuge1gb

// request is an mmap on its way: the arguments as far as they have been checked.
type request struct {
	VMA               // what is to be made: Start, End, PgOff and Flags
	ino  inode.Fixed  // of the file, zero for none
	open inode.Opened // the file, zero for none
}

// Map makes a mapping and returns its address. The caller has already refused a bad
// or O_PATH descriptor with EBADF, after having called CheckOffset.
//
// EINVAL: a length of 0, an unaligned address with MAP_FIXED, or neither shared nor
// private. ENOMEM: no room. EOVERFLOW: past the largest file size. EEXIST:
// MAP_FIXED_NOREPLACE over something. EACCES: the file is not open for reading, or
// MAP_SHARED with PROT_WRITE and not for writing. ENODEV: a file that cannot be
// mapped. EOPNOTSUPP: a flag that MAP_SHARED_VALIDATE does not know. EPERM: sealed
// against writing, or being sealed.
//
// Kernel: mm/util.c vm_mmap_pgoff, all versions.
func Map(t *sched.Task, mm sched.ID, a MapArgs) (uint64, error) {
	if err := CheckOffset(t, a.Off); err != nil {
		return 0, err
	}
	s := open(t, mm)
	t.DownWrite(s.lock)
	v, err := doMmap(t, s, a)
	t.UpWrite(s.lock)
	if err != nil {
		return 0, err
	}
	now := a.Flags&(abi.MapPopulate|abi.MapNonblock) == abi.MapPopulate
	if now || v.Flags&VMLocked != 0 {
		_ = populate(t, s, v.Start, v.End) // the mapping is made, whatever comes of this
	}
	return v.Start, nil
}

// CheckOffset returns EINVAL for an offset (bytes) that is not a multiple of the
// page size: the very first test of mmap, before the descriptor is looked at.
//
// Kernel: arch/x86/kernel/sys_x86_64.c mmap, all versions.
func CheckOffset(t *sched.Task, off uint64) error {
	if unaligned(off) {
		return t.Refuse(abi.EINVAL, "mmap offset", sched.Fact{Name: "offset", Value: int64(off)})
	}
	return nil
}

// doMmap makes the mapping, under mmap_lock.
//
// Kernel: mm/mmap.c do_mmap, all versions.
func doMmap(t *sched.Task, s space, a MapArgs) (VMA, error) {
	r := request{VMA: VMA{PgOff: a.Off >> abi.PageShift, File: a.File, Shift: abi.PageShift, Origin: t.Origin}}
	if a.File != 0 {
		r.open = inode.FileOf(t, a.File)
		r.ino = inode.Of(t, r.open.Inode)
		r.Inode, r.Shift = r.open.Inode, r.ino.Shift
	}
	if err := r.fixLength(t, &a); err != nil {
		return VMA{}, err
	}
	if n := mapCount.On(t, s.id, sched.None{}); n > maxMapCount {
		return VMA{}, t.Refuse(abi.ENOMEM, "max_map_count", sched.Fact{Name: "VMAs", Value: int64(n)})
	}
	r.Flags |= protFlags(a.Prot) | VMMayRead | VMMayWrite | VMMayExec
	if a.Flags&abi.MapLocked != 0 {
		r.Flags |= VMLocked
	}
	if err := r.place(t, s, a); err != nil {
		return VMA{}, err
	}
	check := r.checkAnonymous
	if a.File != 0 {
		check = r.checkFile
	}
	if err := check(t, s, a); err != nil {
		return VMA{}, err
	}
	if a.Flags&abi.MapNoreserve != 0 {
		r.Flags |= VMNoReserve
	}
	if r.Flags&(VMNoReserve|VMShared|VMWrite|VMHugetlb) == VMWrite {
		r.Flags |= VMAccount
	}
	return mmapRegion(t, s, r)
}

// fixLength rounds the length up to whole pages, in a.
func (r *request) fixLength(t *sched.Task, a *MapArgs) error {
	if huge := uint64(1)<<r.Shift - 1; huge >= abi.PageSize {
		a.Len = (a.Len + huge) &^ huge
		r.Flags |= VMHugetlb
	}
	if a.Flags&abi.MapHugetlb != 0 && r.Shift == abi.PageShift {
		if a.Flags&abi.MapAnonymous == 0 {
			return t.Refuse(abi.EINVAL, "MAP_HUGETLB")
		}
		return t.Refuse(abi.ENOMEM, "hugetlb_file_setup: no huge pages for anonymous memory in this model")
	}
	if a.Len == 0 {
		return t.Refuse(abi.EINVAL, "mmap length")
	}
	asked := a.Len
	if a.Len = pageAlign(a.Len); a.Len == 0 {
		return t.Refuse(abi.ENOMEM, "mmap length", sched.Fact{Name: "length", Value: int64(asked)})
	}
	return nil
}

// protFlags turns PROT_READ and its like into VM_READ and its like.
//
// Kernel: include/linux/mman.h calc_vm_prot_bits, all versions.
func protFlags(prot uint64) Flags {
	return Flags(prot & (abi.ProtRead | abi.ProtWrite | abi.ProtExec))
}

// place finds the address.
//
// Kernel: mm/mmap.c __get_unmapped_area, all versions.
func (r *request) place(t *sched.Task, s space, a MapArgs) error {
	if !t.Profile().MapFixedNoreplace {
		a.Flags &^= abi.MapFixedNoreplace
	}
	fixed := a.Flags&(abi.MapFixed|abi.MapFixedNoreplace) != 0
	addr, err := freePlace(t, s, wish{a.Addr, a.Place, a.Len, r.Shift, fixed})
	if err != nil {
		return err
	}
	r.Start, r.End = addr, addr+a.Len
	if a.Flags&abi.MapFixedNoreplace != 0 {
		if v := s.find(t, addr); v.OK() && v.Start < r.End {
			return t.Refuse(abi.EEXIST, "MAP_FIXED_NOREPLACE", sched.Fact{Name: "address", Value: int64(v.Start)})
		}
	}
	return nil
}

// wish is what is known about the place of a new mapping: see MapArgs.
type wish struct {
	addr, place, len uint64
	shift            uint8
	fixed            bool
}

// freePlace returns the address for a new mapping. Without fixed, nothing is
// mapped there yet.
//
// Kernel: mm/mmap.c get_unmapped_area, all versions.
func freePlace(t *sched.Task, s space, w wish) (uint64, error) {
	align := uint64(1) << w.shift
	if w.len > abi.TaskSize {
		return 0, t.Refuse(abi.ENOMEM, "get_unmapped_area", sched.Fact{Name: "length", Value: int64(w.len)})
	}
	if w.fixed {
		if align > abi.PageSize && w.addr&(align-1) != 0 {
			return 0, t.Refuse(abi.EINVAL, "prepare_hugepage_range", sched.Fact{Name: "address", Value: int64(w.addr)})
		}
		if errno := -w.addr; errno > 0 && errno < abi.PageSize {
			// An address among the last ones is taken for the error that it looks like.
			return 0, t.Refuse(abi.Errno(errno), "IS_ERR_VALUE", sched.Fact{Name: "address", Value: int64(w.addr)})
		}
		if w.addr > abi.TaskSize-w.len {
			return 0, t.Refuse(abi.ENOMEM, "get_unmapped_area", sched.Fact{Name: "address", Value: int64(w.addr)})
		}
		if w.addr&(align-1) != 0 {
			return 0, t.Refuse(abi.EINVAL, "get_unmapped_area", sched.Fact{Name: "address", Value: int64(w.addr)})
		}
		return w.addr, nil
	}
	if w.addr != 0 {
		w.addr = (max(w.addr&^(abi.PageSize-1), minAddr) + align - 1) &^ (align - 1)
	}
	for _, addr := range [...]uint64{w.place, w.addr} {
		if addr == 0 || addr&(align-1) != 0 || addr > abi.TaskSize-w.len {
			continue
		}
		if v := s.find(t, addr); !v.OK() || v.Start >= addr+w.len {
			return addr, nil
		}
	}
	addr := freeArea.On(t, s.id, gap{w.len, align, mmapBase})
	if addr == 0 {
		addr = freeArea.On(t, s.id, gap{w.len, align, abi.TaskSize})
	}
	if addr == 0 {
		return 0, t.Refuse(abi.ENOMEM, "vm_unmapped_area", sched.Fact{Name: "length", Value: int64(w.len)})
	}
	return addr, nil
}

// checkAnonymous completes the flags of a mapping without a file.
func (r *request) checkAnonymous(t *sched.Task, _ space, a MapArgs) error {
	switch a.Flags & abi.MapType {
	case abi.MapShared:
		if a.Flags&abi.MapGrowsdown != 0 {
			return t.Refuse(abi.EINVAL, "VM_GROWSDOWN")
		}
		r.PgOff = 0
		r.Flags |= VMShared | VMMayShare
	case abi.MapPrivate:
		r.PgOff = r.Start >> abi.PageShift
	default:
		return t.Refuse(abi.EINVAL, "MAP_TYPE", sched.Fact{Name: "flags", Value: int64(a.Flags)})
	}
	return nil
}

// checkFile completes the flags of a mapping of a file, and refuses what the way in
// which it was opened does not allow, and what its seals do not allow.
func (r *request) checkFile(t *sched.Task, _ space, a MapArgs) error {
	largest := uint64(math.MaxUint64)
	if hasPages(r.ino.Kind) || r.ino.Kind == inode.Socket {
		largest = abi.MaxFileSize
	}
	if a.Len > largest || r.PgOff > (largest-a.Len)>>abi.PageShift {
		return t.Refuse(abi.EOVERFLOW, "file_mmap_ok", sched.Fact{Name: "offset", Value: int64(a.Off)})
	}
	kind := a.Flags & abi.MapType
	if kind == abi.MapSharedValidate && !t.Profile().MapSharedValidate {
		kind = 0
	}
	switch kind {
	case abi.MapSharedValidate:
		known := uint64(legacyMask)
		if a.Flags&^known != 0 {
			return t.Refuse(abi.EOPNOTSUPP, "LEGACY_MAP_MASK",
				sched.Fact{Name: "flags", Value: int64(a.Flags &^ known)})
		}
		fallthrough
	case abi.MapShared:
		if r.open.Mode&inode.Writable == 0 {
			if a.Prot&abi.ProtWrite != 0 {
				return t.RefuseBecause(abi.EACCES, "do_mmap FMODE_WRITE", sched.Fact{}, a.File)
			}
			if !t.Wrong(mutant.ReadOnlyMayWrite) {
				r.Flags &^= VMMayWrite
			}
		} else {
			r.Flags |= VMShared
		}
		r.Flags |= VMMayShare
	case abi.MapPrivate:
	default:
		return t.Refuse(abi.EINVAL, "MAP_TYPE", sched.Fact{Name: "flags", Value: int64(a.Flags)})
	}
	if r.open.Mode&inode.Readable == 0 {
		return t.RefuseBecause(abi.EACCES, "FMODE_READ", sched.Fact{}, a.File)
	}
	if !mappable(r.ino.Kind) && r.ino.Kind != inode.Socket {
		return t.RefuseBecause(abi.ENODEV, "can_mmap_file", sched.Fact{}, a.File)
	}
	if a.Flags&abi.MapGrowsdown != 0 {
		return t.Refuse(abi.EINVAL, "VM_GROWSDOWN")
	}
	if r.ino.Kind == inode.Socket { // it has an mmap of its own, which says no
		return t.RefuseBecause(abi.ENODEV, "sock_no_mmap", sched.Fact{}, a.File)
	}
	if err := r.refusedElsewise(t, a); err != nil {
		return err
	}
	return r.checkSealsInDoMmap(t)
}

// hasPages says whether files of this kind have a page tree and a largest size.
func hasPages(k inode.Kind) bool { return k.Sealable() || k == inode.Regular }

// mappable says whether files of this kind can be mapped at all: those with pages,
// and others whose owner has registered itself.
func mappable(k inode.Kind) bool {
	_, ok := inode.Ops(k).(Mapper)
	return ok || hasPages(k)
}
