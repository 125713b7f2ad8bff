package main

import (
	"os"

	"sealab/cmd/sealab/internal/cli"
)

func main() {
	app := cli.System()
	os.Exit(cli.Main(app, newRoot(app), os.Args[1:]))
}
