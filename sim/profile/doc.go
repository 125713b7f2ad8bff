// Package profile is the kernel versions as data. What differs between kernels is
// a field of Profile; code that models a kernel asks the field and never compares
// version numbers.
//
// ForRelease builds the profile of one release, "6.1.150" or "5.4.0-42-generic",
// by applying an ordered list of changes to Linux 3.17. A change has the mainline
// series that brought it and the stable releases that took it over, so that
// profiles which no mainline release ever had, such as that of 6.6.150, come out
// right. Where the exact release is not known, a Note says so.
//
// Feature gives a field a name and words for its values, for Set, Diff and
// Describe.
//
// Words: a series is 6.12, a point release 6.12.9, stable the releases made from
// a series after it. A pin is any reference to a page beyond those of the page
// cache and the page tables.
//
// Invariants: the same text gives the same profile; within a series a profile
// changes only at the point releases listed in changes.
//
// Not modelled: what distributions and Android take over on their own; kernels
// built without what Profile says they have; other architectures than x86-64;
// bugs that let a process change sealed content without any of these calls, such
// as CVE-2022-0847; files frozen for live update (6.19); memfd_secret.
package profile
