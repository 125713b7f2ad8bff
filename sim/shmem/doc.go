// Package shmem models the file operations of tmpfs, which memfds are files of,
// and where each seal is enforced.
//
//	Write, Splice to a file   F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, and past the end F_SEAL_GROW
//	Truncate                  F_SEAL_SHRINK, F_SEAL_GROW
//	Fallocate                 past the end F_SEAL_GROW; punching F_SEAL_WRITE, F_SEAL_FUTURE_WRITE
//	Chmod                     F_SEAL_EXEC
//	mmap                      in package mm
//
// Bytes are not kept: each folio has a stamp that changes with its contents, which
// is enough to say whether sealed bytes changed.
//
// # Not modelled
//
// Quotas and the size limit of a mount, the swap cache, huge pages chosen by the kernel,
// extended attributes, and partial failure for lack of memory beyond [MaxPages].
package shmem
