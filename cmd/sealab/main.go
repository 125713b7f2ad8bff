package main

import (
	"os"

	"sealab/cmd/sealab/internal/cli"
	"sealab/host"
	"sealab/queue"
)

func main() {
	host.Child(queue.Settled)
	app := cli.System()
	os.Exit(cli.Main(app, newRoot(app), os.Args[1:]))
}
