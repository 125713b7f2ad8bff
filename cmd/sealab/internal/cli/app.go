package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// App is where a command reads and prints. Commands use it instead of package os, so that
// tests can run them.
type App struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Env looks up an environment variable.
	Env func(name string) string
	// Library holds inputs that the program comes with, by name. A file of that name goes first.
	Library map[string]string
	// Color is what --color says.
	Color ColorMode
}

// System is the App of this process.
func System() *App {
	return &App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Getenv, Color: ColorAuto}
}

// Colored says whether to print in colour on standard output: as --color says, and by itself
// only on a terminal that is not dumb, and not where NO_COLOR is set to anything.
func (a *App) Colored() bool {
	switch a.Color {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	}
	return a.Env("NO_COLOR") == "" && a.Env("TERM") != "dumb" && IsTerminal(a.Stdout)
}

// Width is how many columns standard output has; 0 means that it is no terminal.
func (a *App) Width() int {
	f, ok := terminal(a.Stdout)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// WriteJSON prints a value for programs: indented, ended by a newline, with <, > and & as
// they are.
func (a *App) WriteJSON(v any) error {
	enc := json.NewEncoder(a.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Warnf prints a line on standard error.
func (a *App) Warnf(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "sealab: "+format+"\n", args...)
}

// IsTerminal says whether a reader or writer is a terminal.
func IsTerminal(stream any) bool {
	_, ok := terminal(stream)
	return ok
}

func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// ColorMode is the value of --color.
type ColorMode int

// What --color can say.
const (
	ColorAuto ColorMode = iota
	ColorAlways
	ColorNever
)

var colorModes = []string{"auto", "always", "never"}

// ColorModes lists what --color can say, for completion.
func ColorModes() []string { return colorModes }

// String implements pflag.Value.
func (m *ColorMode) String() string { return colorModes[*m] }

// Set implements pflag.Value.
func (m *ColorMode) Set(s string) error {
	for i, name := range colorModes {
		if s == name {
			*m = ColorMode(i)
			return nil
		}
	}
	return fmt.Errorf("it is auto, always or never")
}

// Type implements pflag.Value.
func (m *ColorMode) Type() string { return "when" }
