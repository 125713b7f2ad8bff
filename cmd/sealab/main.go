package main

import (
	"os"

	"sealab/cmd/sealab/internal/cli"
	"sealab/host"
)

func main() {
	host.Child()
	app := cli.System()
	os.Exit(cli.Main(app, newRoot(app), os.Args[1:]))
}
