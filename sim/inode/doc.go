// Package inode models the inode with its seal word, its size and its lock, and
// the open file that a descriptor refers to.
//
// Seals are bits on the inode: every descriptor of the file, in whatever process,
// sees the same ones. Whether a descriptor may add seals or write is a property
// of the open file.
//
// What a file does when it is read, written, truncated or mapped depends on its
// file system; each registers a [FileOps] for its [Kind].
//
// # Not modelled
//
// Names and directories, permissions of users and groups, and times.
package inode
