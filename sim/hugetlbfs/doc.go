// Package hugetlbfs models the files of hugetlbfs, which memfds made with
// MFD_HUGETLB are: few and large pages, no write, and the seals of their own.
//
// # Not modelled
//
// The pool of huge pages and its reservations: there are always enough.
package hugetlbfs
