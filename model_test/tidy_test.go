package model_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tidy tests hold the whole source to the rules of CONTRIBUTING.md. They read
// the source; they run none of it, so that they work while a package does not build.

// module is the import path of the repository's root, which is also the directory
// above this one.
const module = "sealab"

// layers says for each package which others of this module it may import. A layer
// may import only what stands above it, and no more than is written here: an entry
// that is missing is a decision to be made, not an oversight to be worked around.
//
//tidy:table one line a package
var layers = []struct {
	dir  string
	uses string
}{
	{"sim/abi", ""},
	{"sim/trace", "sim/abi"},
	{"sim/mutant", ""},
	{"sim/profile", "sim/abi sim/mutant"},
	{"internal/mutated", "sim/mutant sim/profile"},
	{"sim/sched", "sim/abi sim/trace sim/mutant sim/profile"},
	{"sim/xarray", ""},
	{"sim/folio", "sim/abi sim/trace sim/mutant sim/profile sim/sched"},
	{"sim/mapping", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/xarray sim/folio"},
	{"sim/inode", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/folio sim/mapping"},
	{"sim/mm", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/folio sim/mapping sim/inode"},
	{"sim/shmem", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/xarray sim/folio sim/mapping sim/inode sim/mm"},
	{"sim/hugetlbfs", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/folio sim/mapping sim/inode sim/shmem"},
	{"sim/pin", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/folio sim/mapping sim/inode sim/mm sim/shmem"},
	{"sim/memfd", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/xarray sim/folio sim/mapping sim/inode sim/shmem"},
	{"sim/socket", "sim/abi sim/trace sim/mutant sim/profile sim/sched sim/folio sim/mapping sim/inode"},
	{"sim/kernel", "sim/*"},
	{"sim/law", "sim/*"},
	{"sim", ""},
	{"scenario", "sim/abi"},
	{"explain", "sim/* scenario"},
	{"docs", ""},
	{"run", "sim/* scenario explain docs"},
	{"replay", "sim/* scenario explain run"},
	{"vectors", "sim/* scenario run"},
	{"explore", "sim/* scenario explain run"},
	{"queue", "explore"},
	{"races", ""},
	{"question", "sim/* scenario run"},
	{"lesson", "question"},
	{"exercise", "question run sim/profile sim/mutant"},
	{"promise", "run sim/profile sim/trace"},
	{"view", "sim/* scenario explain run replay explore question lesson exercise promise"},
	{"host", "sim/abi scenario run"},
	{"gen", ""},
	{"sealtest", "sim/abi sim/profile sim/kernel"},
	{"judge", "sim/profile run replay explore host gen"},
	{"web", "sim sim/* scenario explain run replay explore view lesson exercise promise"},
	{"picture", "sim/trace sim/xarray web"},
	{"perfetto", "sim/trace web"},
	{"cmd/sealab/internal/cli", ""},
	{"cmd/sealab", "sim/* scenario explain run replay explore view host gen judge vectors web queue races lesson exercise promise picture perfetto cmd/sealab/internal/cli"},
	{"cmd/sealab-wasm", "sim/* scenario explain run replay explore view web"},
	{"model_test/score", "sim/mutant internal/mutated"},
	{"model_test", "sim/* scenario explain run replay explore view host gen judge web"},
}

// mayImport says whether the table lets one package import another.
func mayImport(uses, dir string) bool {
	for _, u := range strings.Fields(uses) {
		if u == dir || strings.HasSuffix(u, "/*") && strings.HasPrefix(dir, strings.TrimSuffix(u, "*")) {
			return true
		}
	}
	return false
}

func TestLayers(t *testing.T) {
	row := map[string]int{}
	for i, l := range layers {
		require.NotContains(t, row, l.dir, "%s stands twice in the table of layers", l.dir)
		row[l.dir] = i
		for _, u := range strings.Fields(l.uses) {
			if _, above := row[u]; !above && !strings.HasSuffix(u, "/*") {
				t.Errorf("the table lets %s import %s, which does not stand above it", l.dir, u)
			}
		}
	}
	for _, p := range source(t) {
		i, known := row[p.dir]
		if !known {
			t.Errorf("package %s is not in the table of layers in model_test/tidy_test.go: "+
				"say there what it may import", p.dir)
			continue
		}
		for _, f := range p.files {
			for _, spec := range f.ast.Imports {
				dep, local := strings.CutPrefix(importPath(spec), module+"/")
				if !local || f.isTest { // a test may look at all that its package is used by
					continue
				}
				if !mayImport(layers[i].uses, dep) {
					t.Errorf("%s: %s may not import %s: it may import only what stands above it (%s)",
						f.at(spec), p.dir, dep, cmp.Or(layers[i].uses, "nothing of this module"))
				}
			}
		}
	}
}

// foreign says which parts of the tree may import a module that is not ours; tests
// may use all.
//
//tidy:table one line a module
var foreign = map[string][]string{
	"golang.org/x/image":             {"picture"},
	"github.com/google/btree":        {"sim"},
	"github.com/klauspost/compress":  {"scenario"},
	"github.com/fatih/color":         {"view", "cmd"},
	"github.com/spf13/cobra":         {"cmd"},
	"github.com/spf13/pflag":         {"cmd"},
	"github.com/nats-io/nats-server": {"queue"},
	"github.com/nats-io/nats.go":     {"queue"},
	"github.com/tdewolff/minify":     {"web"},
	"golang.org/x/term":              {"cmd"},
	"golang.org/x/sys":               {"host"},
	"pgregory.net/rapid":             {"sealtest"},
}

func TestForeignImports(t *testing.T) {
	for _, p := range source(t) {
		for _, f := range p.files {
			if f.isTest {
				continue
			}
			for _, spec := range f.ast.Imports {
				imp := importPath(spec)
				first, _, _ := strings.Cut(imp, "/")
				if !strings.Contains(first, ".") {
					continue
				}
				if !foreignAllowed(imp, p.dir) {
					t.Errorf("%s: %s may not import %s: dependencies and where each may be used "+
						"are listed in model_test/tidy_test.go and docs/decisions", f.at(spec), p.dir, imp)
				}
			}
		}
	}
}

// TestFuzzedWithoutHost: tests with a fuzz target leave package host alone. Its code for a
// process that never grows its stack does not fit there once it is instrumented.
func TestFuzzedWithoutHost(t *testing.T) {
	for _, p := range source(t) {
		fuzzed, host := false, ""
		for _, f := range p.files {
			if !f.isTest {
				continue
			}
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") {
					fuzzed = true
				}
			}
			for _, spec := range f.ast.Imports {
				if imp := importPath(spec); imp == module+"/host" || imp == module+"/judge" {
					host = imp
				}
			}
		}
		if fuzzed && host != "" {
			t.Errorf("%s has a fuzz target, and its tests import %s", p.dir, host)
		}
	}
}

func foreignAllowed(imp, dir string) bool {
	for mod, parts := range foreign {
		if imp != mod && !strings.HasPrefix(imp, mod+"/") {
			continue
		}
		return slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(dir+"/", part+"/") })
	}
	return false
}

// pkg is the source of one directory, parsed but not checked.
type pkg struct {
	dir   string // from the root, with slashes
	files []*sourceFile
}

type sourceFile struct {
	path   string // from the root, with slashes
	isTest bool
	text   string
	ast    *ast.File
	fset   *token.FileSet
}

// at is where a node stands, as `file:line`.
func (f *sourceFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// lines is how many lines a node takes up.
func (f *sourceFile) lines(n ast.Node) int {
	return f.fset.Position(n.End()).Line - f.fset.Position(n.Pos()).Line + 1
}

// source parses every Go file of the module, ordered by path.
func source(t *testing.T) []*pkg {
	t.Helper()
	byDir := map[string]*pkg{}
	fset := token.NewFileSet()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(filepath.ToSlash(name), "../")
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && name != ".."
			if hidden || d.Name() == "testdata" || d.Name() == "bin" || nested(name) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(fset, rel, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(rel)
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir}
		}
		byDir[dir].files = append(byDir[dir].files, &sourceFile{
			path: rel, text: string(text), ast: tree, fset: fset,
			isTest: strings.HasSuffix(rel, "_test.go"),
		})
		return nil
	})
	require.NoError(t, err)
	var all []*pkg
	for _, p := range byDir {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) })
	require.NotEmpty(t, all)
	return all
}

// nested says whether a directory other than the root is a module of its own.
func nested(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && dir != ".."
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	return p
}

func inSim(dir string) bool { return strings.HasPrefix(dir, "sim/") }

// isModel says whether a package is part of what users of the model import.
func isModel(dir string) bool { return inSim(dir) || dir == "scenario" }
