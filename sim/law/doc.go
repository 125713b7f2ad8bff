// Package law says what must hold of a machine at every step, whatever its tasks
// do and in whatever order: a law that is broken is a bug of the model.
//
// [Broken] looks at a machine as it stands. [History] compares what it sees with
// what it saw before. [Left] looks at a machine whose processes are gone. Each
// returns sentences, none when all is well.
//
// # The laws
//
// At every step:
//
//   - references add up: those of a folio are one for each page in the page cache,
//     one for each page table entry, those of the holders that have a name (pipes,
//     registered buffers, I/O in flight, batches) and those of tasks in the middle
//     of a call.
//   - i_mmap_writable is the number of countable mappings, and one for each mmap in
//     the middle of its work; or it is -1, exactly while such mappings are denied.
//   - F_SEAL_WRITE means: denied, and no countable mapping is left.
//   - a tag of the wait for pins is there only while somebody is in that wait.
//
// When no task is in a call, also:
//
//   - no lock is held, no task holds a reference.
//   - map counts are page table entries, and those show pages that their file has;
//     the reverse map is the mappings; references of open files are descriptors and
//     mappings, those of inodes are open files.
//
// Over time:
//
//   - seals are never lost.
//   - behind F_SEAL_WRITE the bytes of a page inside the file do not change.
//
// # The exception
//
// Kernels whose F_SEAL_EXEC implies F_SEAL_WRITE without the check for writers
// (profile.ExecImplyAfterCheck) break the laws of F_SEAL_WRITE. Files sealed that
// way are passed over.
package law
