#include "textflag.h"

// A struct sigaction of the default action.
GLOBL defaultAction<>(SB), RODATA|NOPTR, $32

// func touch(addr, value, write uintptr) uintptr
TEXT ·touch(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), DI
	MOVQ value+8(FP), SI
	CMPQ write+16(FP), $0
	JNE  store
	CALL ·loadByte(SB)
	MOVQ AX, ret+24(FP)
	RET
store:
	CALL ·storeByte(SB)
	MOVQ AX, ret+24(FP)
	RET

// loadByte and storeByte begin with the access, so that the handler knows it by its place.
TEXT ·loadByte(SB), NOSPLIT|NOFRAME, $0
	MOVBQZX (DI), AX
	RET

TEXT ·storeByte(SB), NOSPLIT|NOFRAME, $0
	MOVB SI, (DI)
	XORQ AX, AX
	RET

// caught is the handler: DI is the signal, DX the struct ucontext, in which RAX lies at 144
// and RIP at 168. An access returns -1000 less the signal, to who called loadByte or
// storeByte. A signal that comes from elsewhere has its default action instead.
TEXT ·caught(SB), NOSPLIT|NOFRAME, $0
	MOVQ 168(DX), AX
	LEAQ ·loadByte(SB), CX
	CMPQ AX, CX
	JEQ  access
	LEAQ ·storeByte(SB), CX
	CMPQ AX, CX
	JEQ  access
	MOVQ DI, R12
	LEAQ defaultAction<>(SB), SI
	XORQ DX, DX
	MOVQ $8, R10
	MOVQ $13, AX             // rt_sigaction
	SYSCALL
	MOVQ $186, AX            // gettid
	SYSCALL
	MOVQ AX, DI
	MOVQ R12, SI
	MOVQ $200, AX            // tkill, which takes effect when the handler has returned
	SYSCALL
	RET
access:
	MOVQ $-1000, AX
	SUBQ DI, AX
	MOVQ AX, 144(DX)
	LEAQ ·afterwards(SB), AX
	MOVQ AX, 168(DX)
	RET

TEXT ·afterwards(SB), NOSPLIT|NOFRAME, $0
	RET

// restore ends the handler: rt_sigreturn.
TEXT ·restore(SB), NOSPLIT|NOFRAME, $0
	MOVQ $15, AX
	SYSCALL
	INT  $3

// func handler() (caught, restore uintptr)
TEXT ·handler(SB), NOSPLIT|NOFRAME, $0-16
	LEAQ ·caught(SB), AX
	MOVQ AX, caught+0(FP)
	LEAQ ·restore(SB), AX
	MOVQ AX, restore+8(FP)
	RET
