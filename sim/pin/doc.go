// Package pin models who takes references to pages: pipes, fixed buffers of
// io_uring, and I/O in flight. To sealing they are all pins: references beyond the
// page cache's and the page tables', held for as long as somebody likes.
//
// Each holder names its folios, so that a checker can add them up and an
// explanation can say who they are (see [EachHolder]).
//
// # Not modelled
//
// Registered buffers of RDMA, VFIO and vhost, and completion of asynchronous I/O
// by hardware: they begin and end when the driver of the simulation says so. Files of
// hugetlbfs cannot be spliced, as in v5.10 and later; older kernels copy them.
package pin
