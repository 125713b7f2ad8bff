package memfd

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// What kernels with a mutant do. Read the other files first: without mutants nothing
// here happens.

// asksFirst is what is asked too early.
func asksFirst(t *sched.Task, id sched.ID, seals abi.Seals) error {
	if t.Wrong(mutant.SealSealBeforeBits) && inode.Seals(t, id)&abi.SealSeal != 0 {
		return t.RefuseBecause(abi.EPERM, "F_SEAL_SEAL", sched.Fact{}, id)
	}
	if t.Wrong(mutant.BitsBeforeMode) {
		return checkBits(t, seals)
	}
	return nil
}

// addElsewise adds seals without the inode lock, or asks the counter before it has it.
func addElsewise(t *sched.Task, id sched.ID, ino inode.Fixed, seals abi.Seals) error {
	if t.Wrong(mutant.NoInodeLock) {
		return addLocked(t, id, ino, seals)
	}
	denied := seals&abi.SealWrite != 0
	if denied {
		if err := ino.Map.DenyWritable(t); err != nil {
			return err
		}
	}
	t.DownWrite(ino.Lock)
	err := addLocked(t, id, ino, seals)
	if denied {
		ino.Map.AllowWritable(t)
	}
	t.UpWrite(ino.Lock)
	return err
}

// sealSealForgiven says whether F_SEAL_SEAL does not matter.
func sealSealForgiven(t *sched.Task, have, seals abi.Seals) bool {
	return t.Wrong(mutant.SealSealIgnored) ||
		t.Wrong(mutant.SealSealRepeats) && seals != 0 && seals&^have == 0 ||
		t.Wrong(mutant.SealSealNothing) && seals == 0
}

// otherSealsCheck refuses seals that have nothing to do with countable mappings while
// there are some.
func otherSealsCheck(t *sched.Task, ino inode.Fixed, seals abi.Seals) error {
	wrong := t.Wrong(mutant.FutureWriteBusy) && seals&abi.SealFutureWrite != 0 ||
		t.Wrong(mutant.GrowBusy) && seals&abi.SealGrow != 0
	if wrong && ino.Map.Writable(t) > 0 {
		return t.RefuseBecause(abi.EBUSY, "mapping_deny_writable", sched.Fact{}, ino.Map.Counter)
	}
	return nil
}

// setEarly sets the seals before the wait.
func setEarly(t *sched.Task, id sched.ID, seals abi.Seals) {
	if t.Wrong(mutant.MaskBeforeWait) {
		inode.AddSeals(t, id, seals)
	}
}

// refusedElsewise leaves other seals than there were when the wait has failed.
func refusedElsewise(t *sched.Task, id sched.ID, have, seals abi.Seals) {
	cause := t.Refusal
	if t.Wrong(mutant.MaskBeforeWait) {
		inode.ReplaceSeals(t, id, have)
	}
	if t.Wrong(mutant.SomeNotAll) {
		inode.AddSeals(t, id, seals&^abi.SealWrite)
	}
	t.Refusal = cause
}

func getLocked(t *sched.Task, id sched.ID) abi.Seals {
	l := inode.Of(t, id).Lock
	t.DownRead(l)
	s := inode.Seals(t, id)
	t.UpRead(l)
	return s
}

// drain empties the batch of the task's own CPU, before or after the tags are set.
func drain(t *sched.Task, tagged bool) {
	if tagged == t.Wrong(mutant.DrainAfterTag) && !t.Wrong(mutant.DrainForgotten) {
		folio.DrainBatch(t, t.ThisCPU())
	}
}

// drainAll empties the batches of all CPUs.
func drainAll(t *sched.Task) {
	if !t.Wrong(mutant.DrainForgotten) && !t.Wrong(mutant.DrainLocalOnly) {
		folio.DrainAllBatches(t)
	}
}

// lastLook returns the number of the last look.
func lastLook(t *sched.Task) int {
	switch {
	case t.Wrong(mutant.LastScan3):
		return 3
	case t.Wrong(mutant.LastScan5):
		return 5
	case t.Wrong(mutant.FirstScanDecides):
		return 0
	}
	return lastScan
}

// sleep sleeps before a look, and says whether it was woken before its time.
func sleep(t *sched.Task, ino inode.Fixed, n int64) (woken bool) {
	how := sched.Killable
	switch {
	case t.Wrong(mutant.KillIgnored):
		how = sched.Uninterruptible
	case t.Wrong(mutant.AnySignalEnds):
		how = sched.Interruptible
	case t.Wrong(mutant.DelaysHalf):
		n /= 2
	case t.Wrong(mutant.DelaysDouble):
		n *= 2
	case t.Wrong(mutant.WaitUnlocked):
		t.UpWrite(ino.Lock)
		defer t.DownWrite(ino.Lock)
	}
	return t.SleepTimeout(n, how) > 0
}

// unmarks says whether a look takes the mark from a page.
func unmarks(t *sched.Task, clean, last bool) bool {
	switch {
	case t.Wrong(mutant.HeldLosesMark):
		return true
	case t.Wrong(mutant.CleanStaysMarked):
		return last
	case t.Wrong(mutant.LastScanLeavesTags):
		return clean
	}
	return clean || last
}

// miscounted returns how many references too many a page has, wrongly.
func miscounted(t *sched.Task, extra, maps int32) int32 {
	if t.Wrong(mutant.ExtraOffByOne) && extra > 0 {
		extra--
	}
	if t.Wrong(mutant.MapsNotCounted) {
		extra += maps
	}
	return extra
}
