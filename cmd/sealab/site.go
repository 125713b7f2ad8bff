package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/web"
)

const siteLong = `Write a folder of static files that is a page to play with, without sealab behind it: the simulator
runs in the browser, as WebAssembly. Put it on any web server, under any path; nothing in it asks
another machine for anything, and it works without a network. A file: address does not do, since
browsers start no worker from there; any server on the same machine does.

The engine is made by Go from the sources of sealab, so run it in a clone; or say with --engine
where sealab.wasm and wasm_exec.js are. A sealab that was built with "make install" brings them along.

Exit codes: 0 the folder was written, 2 the input cannot be played, or there is no engine.`

func newSite(app *cli.App) *cobra.Command {
	l := &looker{playing: playing{app: app}}
	engine := ""
	c := &cobra.Command{
		Use:   "site DIR [SCENARIO|LOG]",
		Short: "Write a page to play with as static files",
		Long:  siteLong,
		Example: `  sealab site public
  sealab site public busy.scenario; python3 -m http.server -d public`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			first := web.Examples()[1]
			name, text := first.Name, first.Text
			if len(args) > 1 {
				var err error
				if name, text, err = l.input(args[1:]); err != nil {
					return err
				}
			}
			doc, err := l.document(c, name, text)
			if err != nil {
				return err
			}
			e, err := findEngine(c.Context(), engine)
			if err != nil {
				return err
			}
			if err := web.Site(args[0], doc, e); err != nil {
				return cli.Usagef("%w", err)
			}
			return nil
		},
	}
	l.flags(c)
	c.Flags().StringVar(&engine, "engine", "", "`DIR` with sealab.wasm and wasm_exec.js (default: they are made)")
	return c
}

// findEngine takes the engine from a directory, from this program, or has Go make it.
func findEngine(ctx context.Context, dir string) (web.Engine, error) {
	if dir != "" {
		return readEngine(os.ReadFile, dir)
	}
	if brought != nil {
		return readEngine(brought, "engine")
	}
	made, err := os.MkdirTemp("", "sealab-engine-")
	if err != nil {
		return web.Engine{}, err
	}
	defer os.RemoveAll(made)
	if err := makeEngine(ctx, made); err != nil {
		return web.Engine{}, cli.Usagef("%w; run this in a clone of sealab, or name the engine with --engine", err)
	}
	return readEngine(os.ReadFile, made)
}

// brought reads files that this program was built with; nil if it was built without. See
// engine_embed.go.
var brought func(name string) ([]byte, error)

func readEngine(read func(string) ([]byte, error), dir string) (e web.Engine, err error) {
	var wrong [2]error
	e.Wasm, wrong[0] = read(filepath.ToSlash(filepath.Join(dir, "sealab.wasm")))
	e.Exec, wrong[1] = read(filepath.ToSlash(filepath.Join(dir, "wasm_exec.js")))
	return e, errors.Join(wrong[:]...)
}

// makeEngine builds the engine of the sources that this runs in.
func makeEngine(ctx context.Context, dir string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o",
		filepath.Join(dir, "sealab.wasm"), "sealab/cmd/sealab-wasm")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the engine cannot be made: %w: %s", err, strings.TrimSpace(string(out)))
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("where Go is: %w", err)
	}
	start, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "wasm_exec.js"), start, 0o666)
}
