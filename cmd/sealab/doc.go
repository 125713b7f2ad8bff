// Command sealab is a laboratory for Linux file sealing: it replays what a program did, and
// explains why a seal was refused.
//
// Each subcommand is in a file of its own; what they share is in internal/cli.
package main
