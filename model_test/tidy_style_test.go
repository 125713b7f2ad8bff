package model_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const (
	maxColumns      = 120
	maxFileLines    = 500
	maxFuncLines    = 70
	tabWidth        = 4
	tableMarker     = "//tidy:table"
	generatedMarker = "// Code generated "
)

// parsed parses one file that is not in the tree, for the tests of the rules.
func parsed(text string) (*pkg, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, "p.go", text, parser.ParseComments|parser.SkipObjectResolution)
	return &pkg{dir: "p", files: []*sourceFile{{path: "p.go", text: text, ast: tree, fset: fset}}}, err
}

// marked says whether a comment holds the marker of a table; a marker without a
// reason is none.
func marked(groups ...*ast.CommentGroup) bool {
	for _, g := range groups {
		if g == nil {
			continue
		}
		for _, c := range g.List {
			if why, ok := strings.CutPrefix(c.Text, tableMarker+" "); ok && strings.TrimSpace(why) != "" {
				return true
			}
		}
	}
	return false
}

// TestSizes keeps files, functions and lines so small that each can be read in one
// sitting. Tests are exempt; so is a table that says why it is one.
func TestSizes(t *testing.T) {
	for _, p := range source(t) {
		for _, f := range p.files {
			if f.isTest || strings.HasPrefix(f.text, generatedMarker) {
				continue
			}
			if n := strings.Count(f.text, "\n"); n > maxFileLines && !marked(f.ast.Comments...) {
				t.Errorf("%s: %d lines, and a file has at most %d; a table says %s and why",
					f.path, n, maxFileLines, tableMarker)
			}
			for i, line := range strings.Split(f.text, "\n") {
				width := utf8.RuneCountInString(line) + strings.Count(line, "\t")*(tabWidth-1)
				if width > maxColumns {
					t.Errorf("%s:%d: %d columns, and a line has at most %d", f.path, i+1, width, maxColumns)
				}
			}
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || marked(fn.Doc) {
					continue
				}
				if n := f.lines(fn); n > maxFuncLines {
					t.Errorf("%s: %s has %d lines, and a function has at most %d; a table says %s and why",
						f.at(fn), symbol(fn), n, maxFuncLines, tableMarker)
				}
			}
		}
	}
}

// TestEverythingIsDocumented asks for a doc.go in every package and a comment on
// everything that the model exports.
func TestEverythingIsDocumented(t *testing.T) {
	for _, p := range source(t) {
		if p.dir == "model_test" {
			for _, f := range p.files {
				require.True(t, f.isTest, "%s: model_test holds tests only", f.path)
			}
			continue
		}
		documented := false
		for _, f := range p.files {
			isDoc := strings.HasSuffix(f.path, "/doc.go")
			documented = documented || isDoc && f.ast.Doc != nil
			if !isDoc && !f.isTest && f.ast.Doc != nil {
				t.Errorf("%s: the package comment belongs in doc.go", f.path)
			}
			if isModel(p.dir) && !f.isTest {
				for _, n := range undocumented(f.ast) {
					t.Errorf("%s: %s is exported and has no doc comment", f.at(n), n.Name)
				}
			}
		}
		if !documented {
			t.Errorf("%s has no doc.go with a package comment", p.dir)
		}
	}
}

// undocumented lists what a file exports without a comment. In a group of constants
// or variables the comment of the group, or of the line, is enough.
func undocumented(file *ast.File) (names []*ast.Ident) {
	check := func(id *ast.Ident, docs ...*ast.CommentGroup) {
		for _, d := range docs {
			if d != nil && strings.TrimSpace(d.Text()) != "" {
				return
			}
		}
		if id.IsExported() {
			names = append(names, id)
		}
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if exportedReceiver(d) && d.Name.Name != "String" { // fmt.Stringer says it all
				check(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					check(s.Name, d.Doc, s.Doc)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						check(id, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return names
}

// exportedReceiver says whether a function, or the type it is a method of, can be
// seen from outside.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	return ast.IsExported(strings.TrimPrefix(receiver(fn), "*"))
}

// receiver is the type of a method's receiver, without type parameters.
func receiver(fn *ast.FuncDecl) string {
	typ, star := fn.Recv.List[0].Type, ""
	if s, ok := typ.(*ast.StarExpr); ok {
		typ, star = s.X, "*"
	}
	switch x := typ.(type) {
	case *ast.IndexExpr:
		typ = x.X
	case *ast.IndexListExpr:
		typ = x.X
	}
	return star + typ.(*ast.Ident).Name
}

// symbol names a function as Go's own messages do.
func symbol(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	recv := receiver(fn)
	if strings.HasPrefix(recv, "*") {
		recv = "(" + recv + ")"
	}
	return recv + "." + fn.Name.Name
}

func TestUndocumentedIsFound(t *testing.T) {
	p, err := parsed("package p\n\nfunc A() {}\n\n// B is.\nfunc B() {}\n\ntype t int\n\nfunc (t) C() {}\n\n" +
		"const (\n\tD = 1 // D is.\n\tE = 2\n)\n\n// T is.\ntype T int\n\nfunc (*T) F() {}\n")
	require.NoError(t, err)
	var names []string
	for _, id := range undocumented(p.files[0].ast) {
		names = append(names, id.Name)
	}
	require.Equal(t, []string{"A", "E", "F"}, names)
}

// foreignWords are what belongs to the machine on which something was written, not
// to the project. They are put together here so as not to be found here. Recorded
// logs may hold the paths of the machine that they were recorded on.
var foreignWords = []struct {
	word     string
	recorded bool // may stand under testdata
}{
	{"/wo" + "rk/", false},
	{"far" + "m-", false},
	{"/tmp/" + "team", false},
	{"/tmp/" + "bash_jobs", false},
	{"/ro" + "ot/", true},
	{"/ho" + "me/", true},
}

func TestNoForeignWords(t *testing.T) {
	for _, name := range tracked(t) {
		text, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		require.NoError(t, err)
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // not text
		}
		data := strings.Contains(name, "testdata/") || name == "tools/go.sum"
		for i, line := range strings.Split(string(text), "\n") {
			for _, w := range foreignWords {
				if strings.Contains(line, w.word) && !(data && w.recorded) {
					t.Errorf("%s:%d: %q belongs to some machine, not to the project", name, i+1, w.word)
				}
			}
		}
	}
}

// tracked lists the files of the repository; where there is no git, all files.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = ".."
	if out, err := cmd.Output(); err == nil {
		return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
	}
	var names []string
	err := filepath.WalkDir("..", func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			names = append(names, strings.TrimPrefix(filepath.ToSlash(name), "../"))
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}
