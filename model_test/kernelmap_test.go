package model_test

//go:generate go test -count=1 -run ^TestKernelMap$ . -kernel-map

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var writeKernelMap = flag.Bool("kernel-map", false, "write docs/KERNEL_MAP.md instead of comparing with it")

const kernelMap = "../docs/KERNEL_MAP.md"

// citation is one kernel function, type or constant that a Go symbol models.
type citation struct {
	pkg, symbol          string // ours
	file, name, versions string // the kernel's; no name means the whole file
}

var (
	citing     = regexp.MustCompile(`(?:^|\s)Kernel:\s`)
	fullStop   = regexp.MustCompile(`\.(?:\s|$)`)
	kernelFile = regexp.MustCompile(`^[a-z0-9_]+(?:/[A-Za-z0-9_-]+)+\.(?:c|h|S|rs)$`)
	kernelName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$`)
	versions   = regexp.MustCompile(`^(?:all versions|(?:up to |before |since )?v\d+\.\d+(?:\.\d+)?` +
		`(?: and later| to v\d+\.\d+(?:\.\d+)?)?)(?:[ ,]|$)`)
)

// citations reads what a comment says after `Kernel:`, up to a full stop:
//
//	citation = clause {"; " clause} "."     (a semicolon before anything but a file is text)
//	clause   = item {(", " | " and ") item} [", " versions]
//	item     = file [name] | name        (a name alone is in the file before it)
//	versions = "all versions" | "v6.3" | "v6.3 and later" | "v5.1 to v6.13" | "up to v6.2" | ...,
//	           and then whatever else there is to say
func citations(comment string) (all []citation, err error) {
	for {
		at := citing.FindStringIndex(comment)
		if at == nil {
			return all, nil
		}
		comment = comment[at[1]:]
		end := fullStop.FindStringIndex(comment)
		if end == nil {
			return nil, fmt.Errorf("%q has no full stop", comment)
		}
		text := strings.Join(strings.Fields(comment[:end[0]]), " ")
		comment = comment[end[1]:]
		for _, clause := range clauses(text) {
			found, err := readClause(clause)
			if err != nil {
				return nil, fmt.Errorf("in %q: %w", text, err)
			}
			all = append(all, found...)
		}
	}
}

// clauses cuts at each semicolon that a file follows.
func clauses(text string) (all []string) {
	for part := range strings.SplitSeq(text, "; ") {
		first, _, _ := strings.Cut(part, " ")
		if len(all) > 0 && !kernelFile.MatchString(strings.TrimSuffix(first, ",")) {
			all[len(all)-1] += "; " + part
			continue
		}
		all = append(all, part)
	}
	return all
}

func readClause(clause string) (found []citation, err error) {
	file, rest := "", clause
	for rest != "" {
		if versions.MatchString(rest) {
			if len(found) == 0 {
				return nil, fmt.Errorf("a version before any name")
			}
			for i := range found {
				found[i].versions = rest
			}
			return found, nil
		}
		var item string
		item, rest = cutItem(rest)
		first, name, _ := strings.Cut(item, " ")
		switch {
		case kernelFile.MatchString(first):
			file = first
		case name == "":
			name = first
		default:
			return nil, fmt.Errorf("%q is neither a kernel file with a name, nor a name", item)
		}
		if name != "" && !kernelName.MatchString(name) {
			return nil, fmt.Errorf("%q is not the name of a kernel function, type or constant", name)
		}
		if file == "" {
			return nil, fmt.Errorf("%q comes before any file", name)
		}
		found = append(found, citation{file: file, name: name})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("nothing is named")
	}
	return found, nil
}

// cutItem cuts at the first comma or "and".
func cutItem(s string) (item, rest string) {
	comma, and := strings.Index(s, ", "), strings.Index(s, " and ")
	if comma >= 0 && (and < 0 || comma < and) {
		return s[:comma], s[comma+len(", "):]
	}
	if and >= 0 {
		return s[:and], s[and+len(" and "):]
	}
	return s, ""
}

// cited lists what the comments of a file say that it models. What stands in the
// comment of a declaration, or inside of it, belongs to that declaration.
func cited(t *testing.T, dir string, f *sourceFile) (all []citation) {
	t.Helper()
	for _, group := range f.ast.Comments {
		found, err := citations(group.Text())
		if err != nil {
			t.Errorf("%s: a citation reads `Kernel: FILE FUNCTION, VERSIONS.`: %v", f.at(group), err)
		}
		for _, c := range found {
			c.pkg, c.symbol = dir, symbolAt(f, group)
			all = append(all, c)
		}
	}
	return all
}

// symbolAt names the declaration that a comment belongs to.
func symbolAt(f *sourceFile, group *ast.CommentGroup) string {
	within := func(doc *ast.CommentGroup, n ast.Node) bool {
		return doc == group || n.Pos() <= group.Pos() && group.End() <= n.End()
	}
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if within(d.Doc, d) {
				return symbol(d)
			}
		case *ast.GenDecl:
			if !within(d.Doc, d) || d.Tok == token.IMPORT {
				continue
			}
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if d.Doc == group || within(s.Doc, s) || s.Comment == group {
						return s.Name.Name
					}
				case *ast.ValueSpec:
					if d.Doc == group || within(s.Doc, s) || s.Comment == group {
						return s.Names[0].Name
					}
				}
			}
		}
	}
	return "package " + f.ast.Name.Name
}

func TestKernelMap(t *testing.T) {
	var all []citation
	for _, p := range source(t) {
		if !inSim(p.dir) {
			continue
		}
		for _, f := range p.files {
			if !f.isTest {
				all = append(all, cited(t, p.dir, f)...)
			}
		}
	}
	got := printKernelMap(all)
	if *writeKernelMap {
		if !t.Failed() {
			require.NoError(t, os.WriteFile(kernelMap, []byte(got), 0o644))
		}
		return
	}
	want, err := os.ReadFile(kernelMap)
	require.NoError(t, err, "`go generate ./model_test` writes it")
	if got != string(want) {
		t.Errorf("docs/KERNEL_MAP.md is stale: `go generate ./model_test` writes it anew; first difference:\n%s",
			firstDifference(string(want), got))
	}
}

// printKernelMap prints the table, ordered by the kernel's files and names.
func printKernelMap(all []citation) string {
	slices.SortFunc(all, func(a, b citation) int {
		return cmp.Or(strings.Compare(a.file, b.file), strings.Compare(a.name, b.name),
			strings.Compare(a.pkg, b.pkg), strings.Compare(a.symbol, b.symbol), strings.Compare(a.versions, b.versions))
	})
	all = slices.Compact(all)
	var b strings.Builder
	b.WriteString("# Where the kernel's functions are\n\n" +
		"What in sealab models which function, type or constant of Linux, and for which versions. Written\n" +
		"from the `Kernel:` lines of the source by `go generate ./model_test`; do not edit it by hand.\n")
	file := ""
	for _, c := range all {
		if c.file != file {
			file = c.file
			fmt.Fprintf(&b, "\n## %s\n\n| kernel | sealab | versions |\n|---|---|---|\n", file)
		}
		name := "the file"
		if c.name != "" {
			name = "`" + c.name + "`"
		}
		symbol := "`" + path.Base(c.pkg) + "." + c.symbol + "`"
		if strings.HasPrefix(c.symbol, "package ") {
			symbol = "`" + path.Base(c.pkg) + "`"
		}
		fmt.Fprintf(&b, "| %s | [%s](../%s) | %s |\n", name, symbol, c.pkg, strings.ReplaceAll(c.versions, "|", "\\|"))
	}
	return b.String()
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines are there, %d should be", len(w), len(g))
}

func TestCitations(t *testing.T) {
	one := func(file, name, versions string) citation {
		return citation{file: file, name: name, versions: versions}
	}
	for text, want := range map[string][]citation{
		"Kernel: mm/memfd.c memfd_tag_pins, v6.3 and later.": {one("mm/memfd.c", "memfd_tag_pins", "v6.3 and later")},
		"Waits. Kernel: mm/memfd.c a and b, c; lib/x.c d, up to v6.2 (e before). More.": {
			one("mm/memfd.c", "a", ""), one("mm/memfd.c", "b", ""), one("mm/memfd.c", "c", ""),
			one("lib/x.c", "d", "up to v6.2 (e before)")},
		"Files.\nKernel: mm/shmem.c, mm/filemap.c\ngeneric_perform_write.": {
			one("mm/shmem.c", "", ""), one("mm/filemap.c", "generic_perform_write", "")},
		"Kernel: include/linux/mm_types.h mm_struct.pgd, all versions.\nKernel: mm/a.c b, v5.1 to v6.13.": {
			one("include/linux/mm_types.h", "mm_struct.pgd", "all versions"), one("mm/a.c", "b", "v5.1 to v6.13")},
		"Kernel: mm/a.c b, v6.17 and later; before, EFAULT.": {one("mm/a.c", "b", "v6.17 and later; before, EFAULT")},
		"Nothing about the kernel.":                          nil,
	} {
		got, err := citations(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, bad := range []string{
		"Kernel: memfd_tag_pins, all versions.", "Kernel: mm/memfd.c memfd_tag_pins", "Kernel: .",
		"Kernel: mm/memfd.c a and their like.", "Kernel: mm/memfd.c a, some versions.", "Kernel: all versions.",
	} {
		_, err := citations(bad)
		require.Error(t, err, bad)
	}
}
