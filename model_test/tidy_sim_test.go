package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// barred are the packages that would let something other than scenario, profile
// and schedule into a run.
var barred = []string{
	"context", "crypto/rand", "hash/maphash", "math/rand", "net", "os", "sync", "syscall", "unsafe",
}

// clocks are the functions of package time that look at the real clock or wait for it.
var clocks = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}

// TestSimIsDeterministic finds what could make two runs of one schedule differ.
func TestSimIsDeterministic(t *testing.T) {
	pkgs := source(t)
	c := newChecker(t, pkgs)
	for _, p := range pkgs {
		if !inSim(p.dir) {
			continue
		}
		info := c.check(p.dir)
		for _, f := range p.files {
			if f.isTest {
				continue
			}
			for _, spec := range f.ast.Imports {
				imp := importPath(spec)
				for _, b := range barred {
					if imp == b || strings.HasPrefix(imp, b+"/") {
						t.Errorf("%s: nothing under sim/ may import %s: a run depends on "+
							"scenario, profile and schedule alone", f.at(spec), imp)
					}
				}
			}
			for _, s := range chance(f.ast, info) {
				t.Errorf("%s: %s", f.at(s.node), s.says)
			}
		}
	}
}

type sin struct {
	node ast.Node
	says string
}

// chance lists the places of a file where chance, or the real clock, comes in.
func chance(file *ast.File, info *types.Info) []sin {
	var sins []sin
	add := func(n ast.Node, format string, args ...any) {
		sins = append(sins, sin{n, fmt.Sprintf(format, args...)})
	}
	sorted := map[ast.Node]bool{} // arguments of slices.Sorted and its like
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			add(n, "nothing under sim/ starts a goroutine: tasks belong to sim/sched")
		case *ast.SelectStmt:
			add(n, "nothing under sim/ selects: which case is taken is chance")
		case *ast.RangeStmt:
			switch typ := info.TypeOf(n.X); {
			case typ == nil || typ == types.Typ[types.Invalid]:
				add(n, "cannot tell what is ranged over, so cannot tell that it is no map")
			case hasMap(typ):
				add(n, "nothing under sim/ ranges over a map: the order is chance; keep a sorted slice")
			}
		case *ast.CallExpr:
			if pkg, name := callee(n, info); pkg == "slices" && strings.HasPrefix(name, "Sorted") {
				for _, a := range n.Args {
					sorted[a] = true
				}
			} else if pkg == "maps" && slices.Contains([]string{"All", "Keys", "Values"}, name) && !sorted[n] {
				add(n, "maps.%s gives an order that is chance: wrap it in slices.Sorted", name)
			}
		case *ast.SelectorExpr:
			if pkg, name := qualified(n, info); pkg == "time" && slices.Contains(clocks, name) {
				add(n, "nothing under sim/ uses time.%s: time is virtual, ask the scheduler's clock", name)
			}
		}
		return true
	})
	return sins
}

// hasMap says whether a type is a map, or a type parameter that may be one.
func hasMap(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Interface:
		for i := range u.NumEmbeddeds() {
			if union, ok := u.EmbeddedType(i).(*types.Union); ok {
				for j := range union.Len() {
					if hasMap(union.Term(j).Type()) {
						return true
					}
				}
			}
		}
	}
	return false
}

// callee names the package-level function that is called, if it is one.
func callee(call *ast.CallExpr, info *types.Info) (pkg, name string) {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return qualified(sel, info)
	}
	return "", ""
}

// qualified names what `pkg.Name` refers to, under whatever name pkg was imported.
func qualified(sel *ast.SelectorExpr, info *types.Info) (pkg, name string) {
	if id, ok := sel.X.(*ast.Ident); ok {
		if p, ok := info.Uses[id].(*types.PkgName); ok {
			return p.Imported().Path(), sel.Sel.Name
		}
	}
	return "", ""
}

// checker finds the types of this module's packages from their source, and of all
// others from what the go command has compiled.
type checker struct {
	pkgs    map[string]*pkg
	done    map[string]*types.Package
	infos   map[string]*types.Info
	foreign types.Importer
}

func newChecker(t *testing.T, pkgs []*pkg) *checker {
	c := &checker{pkgs: map[string]*pkg{}, done: map[string]*types.Package{}, infos: map[string]*types.Info{}}
	var outside []string
	for _, p := range pkgs {
		c.pkgs[p.dir] = p
		if !isModel(p.dir) {
			continue
		}
		for _, f := range p.files {
			for _, spec := range f.ast.Imports {
				imp := importPath(spec)
				if !f.isTest && !strings.HasPrefix(imp, module+"/") && imp != "unsafe" {
					outside = append(outside, imp)
				}
			}
		}
	}
	slices.Sort(outside)
	exports := exportData(t, slices.Compact(outside))
	c.foreign = importer.ForCompiler(pkgs[0].files[0].fset, "gc", func(imp string) (io.ReadCloser, error) {
		file, ok := exports[imp]
		if !ok {
			return nil, fmt.Errorf("%s is not compiled", imp)
		}
		return os.Open(file)
	})
	return c
}

// exportData asks the go command where the compiled form of each package is.
func exportData(t *testing.T, imports []string) map[string]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Export", "--"}, imports...)...)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err, "the test needs the go command")
	files := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); err == io.EOF {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
}

// Import implements types.Importer.
func (c *checker) Import(imp string) (*types.Package, error) {
	dir, local := strings.CutPrefix(imp, module+"/")
	if !local {
		return c.foreign.Import(imp)
	}
	if c.pkgs[dir] == nil {
		return nil, fmt.Errorf("there is no package %s", dir)
	}
	c.check(dir)
	return c.done[dir], nil
}

// check type-checks a package as far as that goes: that all of it builds is for the
// compiler to say.
func (c *checker) check(dir string) *types.Info {
	if info := c.infos[dir]; info != nil {
		return info
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{}}
	c.infos[dir] = info
	var files []*ast.File
	var fset *token.FileSet
	for _, f := range c.pkgs[dir].files {
		name := f.path[strings.LastIndex(f.path, "/")+1:]
		if match, _ := build.Default.MatchFile("../"+dir, name); match && !f.isTest {
			files, fset = append(files, f.ast), f.fset
		}
	}
	conf := types.Config{Importer: c, Error: func(error) {}}
	c.done[dir], _ = conf.Check(module+"/"+dir, fset, files, info)
	return info
}

// TestChanceIsFound shows the detector what it is there to detect.
func TestChanceIsFound(t *testing.T) {
	pkgs := source(t)
	c := newChecker(t, pkgs)
	found := func(body string) []string {
		p, err := parsed("package p\nimport (\"maps\"; \"slices\"; clock \"time\")\n" +
			"var _, _, _ = slices.Max[[]int], maps.Clone[map[int]int], clock.Second\n" +
			"type table map[int]int\nfunc f(m table, s []int, c chan int) {" + body + "}")
		require.NoError(t, err)
		c.pkgs["p"] = p
		delete(c.infos, "p")
		f := p.files[0]
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
			Defs: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: c, Error: func(err error) { t.Error(err) }}
		_, err = conf.Check("p", f.fset, []*ast.File{f.ast}, info)
		require.NoError(t, err)
		var says []string
		for _, s := range chance(f.ast, info) {
			says = append(says, s.says)
		}
		return says
	}
	for _, bad := range []string{
		"for range m {}", "go f(m, s, c)", "select { case <-c: }", "clock.Sleep(1)", "now := clock.Now; now()",
		"for range maps.Keys(m) {}", "_ = slices.Collect(maps.Values(m))",
	} {
		require.Len(t, found(bad), 1, bad)
	}
	for _, good := range []string{
		"for range s {}", "for range 3 {}", "_ = clock.Duration(1)", "_ = slices.Sorted(maps.Keys(m))",
	} {
		require.Empty(t, found(good), good)
	}
}
