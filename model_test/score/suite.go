package main

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"sealab/internal/mutated"
)

// class is what kind of test a test is, by what it compares with.
type class int

const (
	property class = iota // what must hold for all: random programs, laws, another model, every order
	example               // what one program must answer, in the test itself
	golden                // a file that was written down: it notices whatever changes
)

// suite is the tests of a package.
type suite struct {
	path    string
	binary  string
	args    []string
	classes map[string]class // by the name of the test
}

// kill is a test that has noticed.
type kill struct {
	Suite string
	Test  string
	Class class
}

// others are tests that run no kernel, but read the source; and those of the kit for
// testing kernels, which make wrong ones themselves.
const others = "KernelMap|Citations|Layers|Foreign|Sizes|Documented|Undocumented|Deterministic|Chance|EveryMutant|" +
	"MutantsAreFound|PeersAreFound|TestCommand|ExampleCheck|TestCoverage|TestPlayer|TestRecord"

// build compiles the tests of a package, and makes sure that they pass without a mutant.
func build(dir, path string) (*suite, error) {
	s := &suite{path: path, binary: filepath.Join(dir, strings.ReplaceAll(path, "/", "-")+".test")}
	c := exec.Command("go", "test", "-c", "-o", s.binary, "./"+path)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("tests of %s: %w", path, err)
	}
	usesRapid, err := s.classify()
	if err != nil {
		return nil, err
	}
	s.args = []string{"-test.v", "-test.skip", others}
	if usesRapid {
		s.args = append(s.args, "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	}
	if kills := s.run("none", 10*time.Minute); len(kills) > 0 {
		return nil, fmt.Errorf("%s of %s fails without a mutant", kills[0].Test, path)
	}
	return s, nil
}

// inProperty and inGolden tell tests apart by what they call.
var (
	inProperty = regexp.MustCompile(
		`\brapid\.(Check|MakeCheck)\b|\bsealtest\.Check\(|\bexplore\.|\blaw\.|\bsched\.NewRandom\b`)
	inGolden = regexp.MustCompile(`\bgolden\(|datadriven\.|testdata|\bcorpus\b|\brecorded\(|vectors\.Scenarios`)
)

// classify reads the tests, and says whether any needs rapid.
func (s *suite) classify() (usesRapid bool, err error) {
	s.classes = map[string]class{}
	files, err := filepath.Glob(filepath.Join(s.path, "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return false, err
		}
		usesRapid = usesRapid || bytes.Contains(text, []byte(`"pgregory.net/rapid"`))
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return false, err
		}
		for _, d := range tree.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			body := text[fset.Position(f.Pos()).Offset:fset.Position(f.End()).Offset]
			switch {
			case inGolden.Match(body):
				s.classes[f.Name.Name] = golden
			case inProperty.Match(body) || s.path == "explore":
				s.classes[f.Name.Name] = property
			default:
				s.classes[f.Name.Name] = example
			}
		}
	}
	return usesRapid, nil
}

var (
	began  = regexp.MustCompile(`(?m)^=== RUN +([A-Za-z]\w*)$`)
	failed = regexp.MustCompile(`(?m)^--- FAIL: ([A-Za-z]\w*)`)
)

// run runs the tests on one wrong kernel and returns those that noticed.
func (s *suite) run(name string, limit time.Duration) (kills []kill) {
	ctx, cancel := context.WithTimeout(context.Background(), limit+5*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, s.binary, append(s.args, "-test.timeout", limit.String())...)
	c.Dir = s.path
	c.Env = append(os.Environ(), mutated.Variable+"="+name)
	text, err := c.CombinedOutput()
	if err == nil {
		return nil
	}
	var names []string
	for _, m := range failed.FindAllSubmatch(text, -1) {
		names = append(names, string(m[1]))
	}
	if names == nil { // it panicked or ran out of time: the test that began last did
		all := began.FindAllSubmatch(text, -1)
		if len(all) == 0 {
			return []kill{{s.path, "init", example}}
		}
		names = []string{string(all[len(all)-1][1])}
	}
	for _, n := range names {
		kills = append(kills, kill{s.path, n, s.classes[n]})
	}
	return kills
}
