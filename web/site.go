//go:build !js

package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Engine is the simulator as WebAssembly: what `go build` makes of cmd/sealab-wasm for GOOS=js
// and GOARCH=wasm, and the script of the same Go that starts it (lib/wasm/wasm_exec.js).
type Engine struct{ Wasm, Exec []byte }

// Site writes a page into a directory that needs nothing but a web server for static files: its
// engine runs in the browser. The page first shows d, which it holds. Files that are there are
// replaced, and others left alone; no path in them is absolute.
func Site(dir string, d *Document, e Engine) error {
	if err := e.check(); err != nil {
		return err
	}
	var page bytes.Buffer
	c := newContent(d)
	c.serve("worker")
	c.Policy = sitePolicy
	if err := parsed().Execute(&page, c); err != nil {
		return err
	}
	worker, err := files.ReadFile("worker/worker.js")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{
		{"sealab.wasm", e.Wasm}, {"wasm_exec.js", e.Exec}, {"worker.js", worker},
		{"page.css", []byte(style(true))}, {"page.js", []byte(script(true))}, {"index.html", page.Bytes()},
	} {
		if err := writeWhole(filepath.Join(dir, f.name), bytes.NewReader(f.text)); err != nil {
			return err
		}
	}
	return nil
}

// sitePolicy lets the page load what lies beside it, and its worker compile the engine.
const sitePolicy = "default-src 'none'; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
	"connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"

func (e Engine) check() error {
	if !bytes.HasPrefix(e.Wasm, []byte("\x00asm")) {
		return errors.New("web: the engine is no WebAssembly")
	}
	if !bytes.Contains(e.Exec, []byte("importObject")) {
		return errors.New("web: the script that starts the engine is not Go's wasm_exec.js")
	}
	return nil
}

// writeWhole writes a file so that it is whole or as it was.
func writeWhole(name string, from io.Reader) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), os.Remove(f.Name()))
	}
	return nil
}
