package abi

// Flags of clone; the low byte is the signal that the parent gets.
const (
	CloneNewtime       = 0x80
	CloneVm            = 0x100
	CloneFs            = 0x200
	CloneFiles         = 0x400
	CloneSighand       = 0x800
	ClonePidfd         = 0x1000
	ClonePtrace        = 0x2000
	CloneVfork         = 0x4000
	CloneParent        = 0x8000
	CloneThread        = 0x10000
	CloneNewns         = 0x20000
	CloneSysvsem       = 0x40000
	CloneSettls        = 0x80000
	CloneParentSettid  = 0x100000
	CloneChildCleartid = 0x200000
	CloneDetached      = 0x400000
	CloneUntraced      = 0x800000
	CloneChildSettid   = 0x1000000
	CloneNewcgroup     = 0x2000000
	CloneNewuts        = 0x4000000
	CloneNewipc        = 0x8000000
	CloneNewuser       = 0x10000000
	CloneNewpid        = 0x20000000
	CloneNewnet        = 0x40000000
	CloneIo            = 0x80000000
	CloneClearSighand  = 0x100000000
	CloneIntoCgroup    = 0x200000000
)

// Commands of ioctl on /dev/udmabuf, and their flag.
const (
	UdmabufCreate       = 0x40187542
	UdmabufCreateList   = 0x40087543
	UdmabufFlagsCloexec = 1
)

// Commands of ioctl on a userfaultfd, their modes, and the version of its interface.
const (
	UffdioAPI                 = 0xc018aa3f
	UffdioRegister            = 0xc020aa00
	UffdioUnregister          = 0x8010aa01
	UffdioWake                = 0x8010aa02
	UffdioCopy                = 0xc028aa03
	UffdioZeropage            = 0xc020aa04
	UffdioRegisterModeMissing = 1
	UffdioRegisterModeWp      = 2
	UffdioRegisterModeMinor   = 4
	UffdioCopyModeDontwake    = 1
	UffdioCopyModeWp          = 2
	UffdAPI                   = 0xaa
)

// IsUffdio says whether a command of ioctl is one of those of a userfaultfd.
func IsUffdio(command int64) bool {
	switch command {
	case UffdioAPI, UffdioRegister, UffdioUnregister, UffdioWake, UffdioCopy, UffdioZeropage:
		return true
	}
	return false
}

// Flags of sendmsg and recvmsg.
const (
	MsgOob             = 0x1
	MsgPeek            = 0x2
	MsgDontroute       = 0x4
	MsgCtrunc          = 0x8
	MsgProbe           = 0x10
	MsgTrunc           = 0x20
	MsgDontwait        = 0x40
	MsgEor             = 0x80
	MsgWaitall         = 0x100
	MsgFin             = 0x200
	MsgSyn             = 0x400
	MsgConfirm         = 0x800
	MsgRst             = 0x1000
	MsgErrqueue        = 0x2000
	MsgNosignal        = 0x4000
	MsgMore            = 0x8000
	MsgWaitforone      = 0x10000
	MsgSendpageNotlast = 0x20000
	MsgBatch           = 0x40000
	MsgNoSharedFrags   = 0x80000
	MsgZerocopy        = 0x4000000
	MsgFastopen        = 0x20000000
	MsgCmsgCloexec     = 0x40000000
	MsgCmsgCompat      = 0x80000000
)

// Options of wait4 and waitid.
const (
	Wnohang    = 1
	Wexited    = 4
	Wstopped   = 2
	Wcontinued = 8
	Wnowait    = 0x1000000
	Wclone     = 0x80000000
	Wall       = 0x40000000
	Wnothread  = 0x20000000
)

// Advice to madvise.
const (
	MadvNormal         = 0
	MadvRandom         = 1
	MadvSequential     = 2
	MadvWillneed       = 3
	MadvDontneed       = 4
	MadvFree           = 8
	MadvRemove         = 9
	MadvDontfork       = 10
	MadvDofork         = 11
	MadvMergeable      = 12
	MadvUnmergeable    = 13
	MadvHugepage       = 14
	MadvNohugepage     = 15
	MadvDontdump       = 16
	MadvDodump         = 17
	MadvWipeonfork     = 18
	MadvKeeponfork     = 19
	MadvCold           = 20
	MadvPageout        = 21
	MadvPopulateRead   = 22
	MadvPopulateWrite  = 23
	MadvDontneedLocked = 24
	MadvCollapse       = 25
	MadvHwpoison       = 100
	MadvSoftOffline    = 101
	MadvGuardInstall   = 102
	MadvGuardRemove    = 103
)

// Commands of fcntl.
const (
	FDupfd         = 0
	FGetfd         = 1
	FSetfd         = 2
	FGetfl         = 3
	FSetfl         = 4
	FGetlk         = 5
	FSetlk         = 6
	FSetlkw        = 7
	FSetown        = 8
	FGetown        = 9
	FSetsig        = 10
	FGetsig        = 11
	FGetlk64       = 12
	FSetlk64       = 13
	FSetlkw64      = 14
	FSetownEx      = 15
	FGetownEx      = 16
	FGetownerUids  = 17
	FOfdGetlk      = 36
	FOfdSetlk      = 37
	FOfdSetlkw     = 38
	FSetlease      = 1024
	FGetlease      = 1025
	FNotify        = 1026
	FDupfdQuery    = 1027
	FCreatedQuery  = 1028
	FCancellk      = 1029
	FDupfdCloexec  = 1030
	FSetpipeSz     = 1031
	FGetpipeSz     = 1032
	FAddSeals      = 1033
	FGetSeals      = 1034
	FGetRwHint     = 1035
	FSetRwHint     = 1036
	FGetFileRwHint = 1037
	FSetFileRwHint = 1038
)

// Operations of io_uring_register.
const (
	IoringRegisterBuffers        = 0
	IoringUnregisterBuffers      = 1
	IoringRegisterFiles          = 2
	IoringUnregisterFiles        = 3
	IoringRegisterEventfd        = 4
	IoringUnregisterEventfd      = 5
	IoringRegisterFilesUpdate    = 6
	IoringRegisterEventfdAsync   = 7
	IoringRegisterProbe          = 8
	IoringRegisterPersonality    = 9
	IoringUnregisterPersonality  = 10
	IoringRegisterRestrictions   = 11
	IoringRegisterEnableRings    = 12
	IoringRegisterFiles2         = 13
	IoringRegisterFilesUpdate2   = 14
	IoringRegisterBuffers2       = 15
	IoringRegisterBuffersUpdate  = 16
	IoringRegisterIowqAff        = 17
	IoringUnregisterIowqAff      = 18
	IoringRegisterIowqMaxWorkers = 19
	IoringRegisterRingFds        = 20
	IoringUnregisterRingFds      = 21
	IoringRegisterPbufRing       = 22
	IoringUnregisterPbufRing     = 23
	IoringRegisterSyncCancel     = 24
	IoringRegisterFileAllocRange = 25
)

// Just enough to pass a descriptor.
const (
	AfUnix         = 1
	AfLocal        = 1
	SockStream     = 1
	SockDgram      = 2
	SockRaw        = 3
	SockSeqpacket  = 5
	SockCloexec    = OCloexec
	SockNonblock   = ONonblock
	SolSocket      = 1
	ScmRights      = 1
	ScmCredentials = 2
)

// How a signal is handled, and where it came from.
const (
	SigDfl       = 0
	SigIgn       = 1
	SigBlock     = 0
	SigUnblock   = 1
	SigSetmask   = 2
	SaNocldstop  = 1
	SaNocldwait  = 2
	SaSiginfo    = 4
	SaRestorer   = 0x04000000
	SaOnstack    = 0x08000000
	SaRestart    = 0x10000000
	SaNodefer    = 0x40000000
	SaResethand  = 0x80000000
	SiUser       = 0
	SiKernel     = 0x80
	SiTkill      = -6
	CldExited    = 1
	CldKilled    = 2
	CldDumped    = 3
	CldTrapped   = 4
	CldStopped   = 5
	CldContinued = 6
)

// Commands of io_submit.
const (
	IocbCmdPread   = 0
	IocbCmdPwrite  = 1
	IocbCmdFsync   = 2
	IocbCmdFdsync  = 3
	IocbCmdPoll    = 5
	IocbCmdNoop    = 6
	IocbCmdPreadv  = 7
	IocbCmdPwritev = 8
)

// Flags of mlock2, close_range, userfaultfd and eventfd2.
const (
	MlockOnfault      = 1
	CloseRangeUnshare = 2
	CloseRangeCloexec = 4
	UffdUserModeOnly  = 1
	EfdSemaphore      = 1
)
